"""`--devices N`: starts the processes of a training on this machine, and tells how they ended.

torch's agent, the one behind torchrun, starts them, one for each GPU or share of the processor, and starts all of them again
from the last checkpoint where one is lost. Each runs `python -m fukami.cli._worker`, with a file that says what to train.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import logging
import os
import signal
import sys
import tempfile
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

from fukami.core import errors, language, processors
from fukami.core.errors import FukamiError, UsageError
from fukami.core.language import _
from fukami.core.recipe import Recipe
from fukami.core.unfinished import Interrupted, is_saved
from fukami.training.asked import Asked
from fukami.training.processes import process_lost
from fukami.training.written import recipe_of_unfinished

MAX_RESTARTS = 3
"""How often the processes are started again after one was lost."""
SHUTDOWN_S = 60
"""How long an interrupted training may take to end its step and save (torch 2.11 gives it 30 s, whatever is asked)."""
STOPS = ("SIGTERM", "SIGINT", "SIGHUP")
AGENT = "torch.distributed.elastic"
"""torch's agent, whose warnings are not for users."""


@dataclasses.dataclass(frozen=True)
class Job:
    """What every process is told: the recipe as TOML, where the run goes, whether to resume, and where to leave an error."""

    recipe: str
    out: str
    resume: bool
    trouble: str

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(dataclasses.asdict(self)), "utf-8")

    @classmethod
    def read(cls, path: Path) -> Job:
        return cls(**json.loads(path.read_text("utf-8")))


def devices_of(asked: Asked, *, resume: bool) -> int:
    """How many processes are to be started: as many as asked for, or as an interrupted training had."""
    kept = recipe_of_unfinished(asked.place) if resume and "devices" not in asked.recipe.chosen else None
    return (kept or asked.recipe).plan.devices


def launch(asked: Asked, *, resume: bool) -> None:
    """Trains in as many processes as the recipe's `devices`, which write the run.

    Raises what a process said, `RunError` F-PROCESS-LOST where they could not go on, `Interrupted` for a signal; `UsageError`
    F-DEVICES-OBJECTS for a module, a loss or data that no other process has.
    """
    recipe, place = asked.recipe, asked.place
    if not asked.is_named:
        raise UsageError(
            "F-DEVICES-OBJECTS",
            _("other processes cannot have the objects of this one"),
            expected=_("data and model given by name or path"),
            fix=_("start a script of your own in several processes: torchrun --nproc-per-node {n} SCRIPT").format(
                n=recipe.plan.devices
            ),
        )
    require_devices(recipe)
    with tempfile.TemporaryDirectory(prefix="fukami-devices-") as folder:
        job, trouble = Path(folder) / "job.json", Path(folder) / "trouble.json"
        Job(recipe.to_toml(), str(asked.out), resume, str(trouble)).write(job)
        try:
            start(recipe.plan.devices, ["-m", "fukami.cli._worker", str(job)], Path(folder) / "logs")
        except _Stopped:
            raise Interrupted(place, asked.out) if is_saved(place) else KeyboardInterrupt from None
        finally:
            raise_left(trouble)


def require_devices(recipe: Recipe) -> None:
    """Raises `UsageError` F-DEVICES where GPUs are meant and there are too few."""
    import torch

    there = torch.cuda.device_count() if recipe.plan.device in ("auto", "cuda") else 0
    if there and recipe.plan.devices > there:
        raise UsageError(
            "F-DEVICES",
            _("there are more processes than GPUs on this machine"),
            expected=_("at most {n}").format(n=there),
            got=str(recipe.plan.devices),
            fix=f"--devices {there} | --set device=cpu",
        )


class _Stopped(Exception):
    """The agent was sent a signal, and has ended the processes."""


def start(number: int, words: list[str], logs: Path, *, restarts: int = MAX_RESTARTS) -> None:
    """Runs `python words…` in `number` processes and waits for all; where one is lost, they start again, `restarts` times.

    Raises `RunError` F-PROCESS-LOST where they could not go on.
    """
    from torch.distributed.elastic.multiprocessing import DefaultLogsSpecs, SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    logs.mkdir(exist_ok=True)
    config = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=number,
        logs_specs=DefaultLogsSpecs(log_dir=str(logs)),
        run_id=uuid.uuid4().hex,
        rdzv_backend="c10d",
        rdzv_endpoint="127.0.0.1:0",
        local_addr="127.0.0.1",
        max_restarts=restarts,
        signals_to_handle=",".join(STOPS),
    )
    with _surroundings(number):
        try:
            elastic_launch(config, sys.executable)(*words)
        except SignalException:
            raise _Stopped from None
        except ChildFailedError as error:
            _rank, failure = error.get_first_failure()
            raise process_lost(_how(failure.exitcode, restarts + 1)) from None


def _how(code: int, times: int) -> str:
    if code >= 0:
        return _("exit code {code}, {n} times").format(code=code, n=times)
    return _("{signal}, {n} times").format(signal=signal.Signals(-code).name, n=times)


@contextlib.contextmanager
def _surroundings(number: int) -> Iterator[None]:
    """What the processes and their agent are told by the environment; a silent agent; signals as they were afterwards."""
    cores = processors.usable()
    given = {
        "FUKAMI_LANG": language.current(),
        "OMP_NUM_THREADS": str(max(1, cores // number)),
        "TORCH_ELASTIC_SHUTDOWN_TIMEOUT": str(SHUTDOWN_S),  # as a setting of the agent only from torch 2.12 on
    }
    new = {name: value for name, value in given.items() if name not in os.environ or name == "FUKAMI_LANG"}
    old = {name: os.environ.get(name) for name in new}
    # each of its loggers has a level of its own
    levels = {name: logging.getLogger(name).level for name in logging.root.manager.loggerDict if name.startswith(AGENT)}
    heard = STOPS if threading.current_thread() is threading.main_thread() else ()
    handlers = {name: signal.getsignal(getattr(signal, name)) for name in heard}
    os.environ |= new
    for name in levels:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
        for name, handler in handlers.items():
            signal.signal(getattr(signal, name), handler)
        for name, value in old.items():
            os.environ.pop(name) if value is None else os.environ.__setitem__(name, value)


# -- what a process said -------------------------------------------------------------------------------------------------
def leave(trouble: Path, error: FukamiError) -> None:
    """Writes an error for the process that started this one."""
    draft = trouble.with_suffix(f".{os.getpid()}")
    told = {"kind": type(error).__name__, "exit_code": error.exit_code, **error.as_dict()}
    draft.write_text(json.dumps(told), "utf-8")
    draft.replace(trouble)


def raise_left(trouble: Path) -> None:
    """Raises the error that a process left, where there is one."""
    if trouble.exists():
        told = json.loads(trouble.read_text("utf-8"))
        kind, exit_code = getattr(errors, told.pop("kind"), FukamiError), told.pop("exit_code")
        error = kind(told.pop("code"), told.pop("what"), **told)
        error.exit_code = exit_code
        raise error

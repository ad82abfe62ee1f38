"""A training in several processes, seen from one of them: how it finds the others, and how it ends when one is lost.

The processes were started by torchrun, by `--devices`, or by anything else that sets RANK, WORLD_SIZE, MASTER_ADDR and
MASTER_PORT. They meet in a key-value store, agree on a name for this start of theirs (after a restart the store still holds
what the processes before left), and form a `Group`.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from fukami.core import worker
from fukami.core.errors import RunError, UsageError
from fukami.core.language import _, _n
from fukami.core.recipe import PlanChoices
from fukami.engine.mishaps import BeginAgain
from fukami.engine.ranks import ALONE, Ranks

MEET_S = 600.0
"""How long a process waits for the others to appear. Machines of a cluster are not ready at the same moment."""
ANSWER_S = 1800.0
"""How long a process waits in the middle of a step for another that is still there. One that has gone is noticed at once."""
LINGER_S = 1.0
"""How long the process that keeps the store outlives its failure."""
FINAL = "fukami/final"
"""The key that says that starting again would not help."""
_TRAININGS = itertools.count(1)


class Followed(SystemExit):
    """This process ends in silence: another says why, or all are started again. `final` says that they should not be."""

    def __init__(self, *, final: bool):
        super().__init__(1)
        self.final = final


@contextlib.contextmanager
def joined(choices: PlanChoices) -> Iterator[Ranks]:
    """The ranks of this process; in several, only the first speaks inside, and only the first that fails says why.

    Raises `RunError` F-PROCESS-LOST where another process is gone without a word and nobody starts it again, and `Followed`
    where there is nothing to say.
    """
    if worker.size() == 1:
        yield ALONE
        return
    _end_with_parent()
    root = _store()
    if root.check([FINAL]):
        raise Followed(final=True)
    group = _group(root, choices)
    try:
        with _silent() if group.rank else contextlib.nullcontext():
            yield group
        group.any(False)  # none leaves while another still has to hear something
    except BaseException as error:
        raise _last_words(group, root, error) from None
    _leave()


def _last_words(group: Any, root: Any, error: BaseException) -> BaseException:
    """What this process raises for `error`: the error itself in the process that failed first, silence in the others."""
    from fukami.engine.group import Left, is_lost

    done, most = worker.restarts()
    again, lost = isinstance(error, BeginAgain), is_lost(error)
    # a signal that comes in the midst of a training is heard by all and saves; elsewhere it may be the end of another's
    plain = isinstance(error, KeyboardInterrupt) and not hasattr(error, "out")
    if isinstance(error, Left) or ((again or lost or plain) and done < most):
        return Followed(final=_is_final(root))
    if not isinstance(error, KeyboardInterrupt):
        with contextlib.suppress(RuntimeError):  # the store may have gone with the process that kept it
            root.set(FINAL, str(group.rank))
    if not group.fails_first():
        return Followed(final=_is_final(root))
    if os.environ.get("TORCHELASTIC_USE_AGENT_STORE") != str(True):
        _leave()
        time.sleep(LINGER_S)  # the first process keeps the store: the others must still read who failed
    if lost:
        error = process_lost()
    elif isinstance(error, BeginAgain):
        error = memory_of_one(error.micro_batch)
    error.is_first = True  # type: ignore[attr-defined]
    return error


def _is_final(root: Any) -> bool:
    with contextlib.suppress(RuntimeError):
        return root.check([FINAL])
    return False


def process_lost(why: str = "") -> RunError:
    """The error for a training whose processes could not all go on."""
    return RunError(
        "F-PROCESS-LOST",
        _("one of the training's processes was lost"),
        got=why,
        fix=_("the same command with --resume goes on from the last checkpoint; torchrun --max-restarts 3 does so by itself"),
    )


def memory_of_one(micro_batch: int) -> RunError:
    """The error for memory that ran out in one process, where nobody starts the processes again."""
    return RunError(
        "F-PROCESS-MEMORY",
        _("memory ran out in one of several processes, which cannot repeat the step alone"),
        expected=_n("parts of at most {n} example", "parts of at most {n} examples", micro_batch),
        fix=_("the same command with --resume goes on in smaller parts; torchrun --max-restarts 3 does so by itself"),
    )


# -- meeting -------------------------------------------------------------------------------------------------------------
def _store() -> Any:
    """The store in which the processes meet. It outlives them where an agent (torchrun) keeps it.

    A script may train several times; what one training left there is not for the next. Started again, it counts again.
    """
    from torch.distributed.distributed_c10d import PrefixStore
    from torch.distributed.rendezvous import rendezvous

    store, _rank, _size = next(rendezvous("env://", worker.rank(), worker.size(), timeout=timedelta(seconds=MEET_S)))
    return PrefixStore(f"training-{next(_TRAININGS)}", store)


def _group(root: Any, choices: PlanChoices) -> Any:
    import torch
    import torch.distributed as dist
    from torch.distributed.distributed_c10d import PrefixStore

    from fukami.engine.group import Group

    rank, size = worker.rank(), worker.size()
    name = _meeting(root, rank, size)
    again = rank == 0 and root.compare_set("fukami/began", "", name).decode() != name
    store = PrefixStore(f"fukami/{name}", root)
    gpu = choices.device in ("auto", "cuda") and torch.cuda.is_available()
    if gpu:
        _take_gpu()
    timeout = timedelta(seconds=ANSWER_S)
    dist.init_process_group("cpu:gloo,cuda:nccl" if gpu else "gloo", store=store, rank=rank, world_size=size, timeout=timeout)
    # batch statistics are summed while gradients are under way, in an order of their own
    norms = dist.new_group(timeout=timeout)
    return Group(rank, size, again=again, store=PrefixStore("messages", store), root=root, norms=norms)


def _meeting(root: Any, rank: int, size: int) -> str:
    """A name for this start of the processes that all have and no earlier start had.

    Each asks under a word of its own, so that what others left in the store is no answer; the first answers all.
    """
    word = uuid.uuid4().hex
    until = time.monotonic() + MEET_S
    if rank:
        root.set(f"fukami/asks/{rank}", word)
        while not root.check([f"fukami/answer/{word}"]):
            _wait(until)
        name = root.get(f"fukami/answer/{word}").decode()
        root.set(f"fukami/heard/{name}/{rank}", "")
        return name
    while not all(root.check([f"fukami/heard/{word}/{other}"]) for other in range(1, size)):
        for other in range(1, size):
            if root.check([f"fukami/asks/{other}"]):
                root.set(f"fukami/answer/{root.get(f'fukami/asks/{other}').decode()}", word)
        _wait(until)
    return word


def _wait(until: float) -> None:
    if time.monotonic() > until:
        raise RunError(
            "F-PROCESS-MEET",
            _("the training's processes did not find each other"),
            where=f"{os.environ['MASTER_ADDR']}:{os.environ['MASTER_PORT']}",
            expected=_("{n} processes within {seconds} seconds").format(n=worker.size(), seconds=round(MEET_S)),
            fix=_("docs/several-machines.md has commands that work"),
        )
    time.sleep(0.02)


def _take_gpu() -> None:
    import torch

    number, there = worker.local_rank(), torch.cuda.device_count()
    if number >= there:
        raise UsageError(
            "F-DEVICES",
            _("there are more processes than GPUs on this machine"),
            expected=_("at most {n}").format(n=there),
            got=str(number + 1),
            fix=f"--devices {there} | --set device=cpu",
        )
    torch.cuda.set_device(number)


def _leave() -> None:
    import torch.distributed as dist

    if dist.is_initialized():
        with contextlib.suppress(RuntimeError):  # the others may have gone
            dist.destroy_process_group()


# -- manners -------------------------------------------------------------------------------------------------------------
@contextlib.contextmanager
def _silent() -> Iterator[None]:
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stderr(nowhere), contextlib.redirect_stdout(nowhere):  # noqa: PTH123
        yield


def _end_with_parent() -> None:
    """Ends this process when the agent that started it is gone: nobody would end it otherwise."""
    if "TORCHELASTIC_RUN_ID" not in os.environ:
        return
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        sys.stderr.flush()
        os._exit(1)

    threading.Thread(target=watch, name="fukami-parent", daemon=True).start()

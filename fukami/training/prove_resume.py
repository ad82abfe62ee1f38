"""`--prove-resume`: the training is done once more by processes that are killed on the way, and must end with the same bits.

The first is killed at a step drawn at random; the second, which resumes, while it writes a checkpoint; the third resumes and
ends. Killed means SIGKILL, which no process can hear or prepare for. `python -m fukami.training.prove_resume JOB` is one of
these lives; it waits at the place where it is to die, so that a short training does not end before it is hit.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from fukami.core import artefact, unfinished
from fukami.core.errors import GateError, UsageError
from fukami.core.language import N_, _
from fukami.core.seeds import generator
from fukami.engine import history
from fukami.engine.loop import Progress
from fukami.predictor import Predictor, save_model
from fukami.training import session as sessions
from fukami.training.asked import Asked
from fukami.training.begin import begin, say
from fukami.training.lock import locked
from fukami.training.prepare import prepared
from fukami.training.session import Session
from fukami.training.written import settled

WEIGHTS = "model.safetensors"
CHECKPOINTS = 16
"""Checkpoints that a proving training writes, so that resuming has something to go on from, however short it is."""


def require_names(asked: Asked) -> None:
    """Raises `UsageError` where another process could not repeat the training."""
    if asked.is_named and asked.recipe.plan.devices <= 1:
        return
    raise UsageError(
        "F-PROVE-OBJECTS",
        _("a proof of resuming trains again in processes of its own, which cannot have the objects of this one"),
        expected=_("data, model and loss given by name or path, one device"),
        fix=_("write the data to a file, or train without the proof"),
    )


def proof_of_resume(session: Session, predictor: Predictor, source: Any) -> dict[str, Any]:
    """Trains again, killed twice, and compares with the weights of `predictor`. Takes as long as the training did, and more.

    `session` has ended and lies unfinished still. Raises `GateError` F-PROVE-RESUME where the weights differ, or a life failed.
    """
    say(_("proving that resuming is exact: training once more, killed twice on the way"))
    folder = session.place / "proof"
    shutil.rmtree(folder, ignore_errors=True)  # of a proof that was itself interrupted
    folder.mkdir()
    save_model(predictor, folder / "own")
    steps, every = session.learner.step, session.every
    if not session.keeper.returns:  # snapshots decide nothing but where a broken training goes back to
        every = max(1, min(every, steps // CHECKPOINTS))
    first = int(generator(session.learner.seed, "kill").integers(min(every + 1, steps), max(every + 2, steps - 2 * every)))
    recipe = str(session.place / "recipe.toml")
    job = Job(recipe, str(source), str(folder), every=every, pause_at=0, pause_writing=False)
    killed = [_live(replace(job, pause_at=min(first, steps))), _live(replace(job, pause_writing=True)), _live(job)]
    deaths = [step for step in killed if step is not None]
    told = {
        "claim": N_("a training that is killed at any step and resumed ends with the same weights, bit for bit"),
        "test": _("trained once more, killed at a step drawn at random and in the middle of writing a checkpoint"),
        "held": True,
        "killed_at": deaths,
        "steps": steps,
        **_compared(folder),
    }
    shutil.rmtree(folder)
    return told


def _compared(folder: Path) -> dict[str, Any]:
    """The number of tensors and the digest of both models. Raises `GateError` where they differ."""
    own, again = folder / "own" / WEIGHTS, folder / "again" / WEIGHTS
    ours, theirs = load_file(own), load_file(again)
    differ = [name for name in ours if name not in theirs or not _same_bits(ours[name], theirs[name])]
    if differ or len(ours) != len(theirs):
        raise GateError(
            "F-PROVE-RESUME",
            _("the training that was killed and resumed did not end with the same weights"),
            where=_("{n} of {total} tensors, first {name}").format(n=len(differ), total=len(ours), name=(*differ, "-")[0]),
            expected=artefact.digest(own),
            got=artefact.digest(again),
            fix=_("run again with --resume and without --prove-resume: the run is then written without this proof"),
        )
    return {"tensors": len(ours), "digest": artefact.digest(own)}


def _same_bits(a: torch.Tensor, b: torch.Tensor) -> bool:
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    return torch.equal(a.reshape(-1).view(torch.uint8), b.reshape(-1).view(torch.uint8))


# -- one life, from outside ----------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Job:
    """What one life is told. It pauses, to be killed, after step `pause_at`, or in the middle of its first checkpoint."""

    recipe: str
    source: str
    folder: str
    every: int
    pause_at: int
    pause_writing: bool

    @property
    def waits(self) -> Path:
        """Appears when the process has come to the place where it is to be killed."""
        return Path(self.folder) / "waits"

    @property
    def out(self) -> Path:
        """The run that the lives would write. It is there when the weights are, which alone are compared."""
        return Path(self.folder) / "again"

    @property
    def place(self) -> Path:
        return unfinished.place_of(self.out)


def _live(job: Job) -> int | None:
    """Runs one life; the step at which it was killed, or None where it came to its end. Raises `GateError` where it failed."""
    folder = Path(job.folder)
    artefact.write_json(folder / "job.json", asdict(job))
    job.waits.unlink(missing_ok=True)
    with (folder / "log.txt").open("w+") as log:
        words = [sys.executable, "-m", "fukami.training.prove_resume", str(folder / "job.json")]
        # a session of its own: Ctrl-C here must not reach it as an interrupt that it would obey by saving
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        try:
            while process.poll() is None and not job.waits.exists():
                time.sleep(0.01)
        finally:
            process.kill()  # SIGKILL
            code = process.wait()
        if code == -signal.SIGKILL:
            return max((line.get("step", 0) for line in history.read(job.place / "history.jsonl")), default=0)
        if code:
            log.seek(0)
            last = last_words(log.read())
            what = _("a training that was to be killed and resumed ended with an error")
            raise GateError("F-PROVE-RESUME", what, where=shlex.join(words), got=last)
    return None


def last_words(log: str) -> str:
    """What a process said at its end: the sentence with the code of a mistake, where it has one, else its last line.

    >>> last_words("F-SPLIT-COPIES  28 examples\\n…\\nfukami.core.errors.DataError: F-DATA-MISSING  no data\\n  fix  name some")
    'F-DATA-MISSING  no data'
    """
    lines = log.strip().splitlines() or [""]
    told = [line.partition("Error: ")[2] for line in lines if "Error: F-" in line]
    return (told or lines)[-1]


# -- one life, from inside -----------------------------------------------------------------------------------------------
def live(job: Job) -> None:
    """Trains or goes on training, up to the place where this process is to be killed, or to the end; then saves the weights."""
    sessions.SAVE_EVERY_S = 0.0  # every new snapshot
    recipe = settled(Path(job.recipe))
    recipe = replace(recipe, data=replace(recipe.data, folds=0), plan=replace(recipe.plan, snapshot_steps=job.every))
    asked = Asked(recipe, job.source, job.out)
    with locked(asked.place):
        session = begin(asked, prepared(recipe, job.source))
        assert isinstance(session, Session)  # what has no steps is refused before
        if job.pause_at:
            session.keeper.steps = lambda: _paused(job, type(session.keeper).steps(session.keeper))  # type: ignore[method-assign]
        if job.pause_writing:
            session.watch = lambda done, total: _wait(job) if 2 * done >= total else None
        session.run()
        save_model(session.predictor, job.out)


def _paused(job: Job, steps: Iterator[Progress]) -> Iterator[Progress]:
    """The steps, which end for good after `pause_at`."""
    for progress in steps:
        yield progress
        if progress.step >= job.pause_at:
            _wait(job)


def _wait(job: Job) -> None:
    """Says that this process may be killed now, and waits for it."""
    parent = os.getppid()
    job.waits.touch()
    while os.getppid() == parent:  # who was to kill it may itself have died
        time.sleep(0.1)
    os._exit(1)


if __name__ == "__main__":
    live(Job(**json.loads(Path(sys.argv[1]).read_text("utf-8"))))

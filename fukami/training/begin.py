"""A session ready for its first step, or for the next one where it was interrupted; only with the data that it began with."""

import hashlib
import os
import platform
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from fukami.core import artefact, unfinished
from fukami.core.errors import RunError
from fukami.core.language import _
from fukami.engine.mishaps import Event
from fukami.engine.ranks import ALONE, Ranks
from fukami.models import registry
from fukami.predictor import Predictor
from fukami.training.asked import Asked
from fukami.training.fitting import Fitting, begin_fitting
from fukami.training.prepare import Prepared, headline_of
from fukami.training.ready import least, make_ready
from fukami.training.session import LOSS, Best, Session
from fukami.training.watching import SMOOTHED, few_tell

PLAN = "plan.json"
"""The figures that the step plan rests on, in an unfinished training's folder; the run has them in `run.json`."""
SHOWN = {"seconds", "admitted", "reason"}
"""What the report reads of each figure, besides its plan."""


def say(text: str) -> None:
    """Advice goes to standard error; standard output carries results alone."""
    print(text, file=sys.stderr, flush=True)


def begin(asked: Asked, data: Prepared, *, ranks: Ranks = ALONE, scratch: Path | None = None) -> Session | Fitting:
    """A session ready to run, restored to where it was saved; `data` is what was prepared for what was asked.

    A model that is fitted at once has no steps, and a `Fitting` in the place of a session.

    Of several processes (`ranks`) the first alone writes to the training's place; the others have a folder `scratch` for what
    they would.
    """
    if asked.module is None and registry.fitted_by(data.recipe) is not None:
        return begin_fitting(asked, data, begin)
    place = asked.place
    mark = data_mark(data.fingerprints, (data.split.train, data.split.valid))
    require_same(data, mark, ranks)
    at_once = noted(place, ranks)
    ready = make_ready(data, model=asked.module, loss=asked.loss, ranks=ranks, at_once=at_once)
    shares = ready.sharing.line() if ready.sharing else ""
    for note in (*ready.built.notes, *ready.measured.notes, ready.measured.line(), shares):
        if note:
            say(note)
    learner, every = ready.learner, ready.recipe.plan.snapshot_steps
    predictor = Predictor(
        data.task, ready.built.network, ready.recipe, data.choice, ready.plan, device=learner.device, ranks=ranks
    )
    best = Best(LOSS if data.task.card.validates == "loss" else headline_of(data.recipe))
    if data.task.card.validates == "headline" and few_tell(data):
        best = Best(LOSS, window=SMOOTHED)
    session = Session(data, predictor, learner, scratch or place, asked.out, best, every)
    session.shared, session.plain, session.sharing, session.notes = place, ready.whole, ready.sharing, ready.built.notes
    session.on_step, session.on_epoch = asked.on_step, asked.on_epoch
    written = place / unfinished.RECIPE
    if ranks.told(written.exists):
        require_unchanged(mark_in(place), mark, data.table.name)
        if ranks.leads:
            figures_of_plan(place)
        session.restore()
        say_standing(session)
        note_restart(session, at_once)
        return session
    if at_once:
        began_smaller(session, at_once)
    if ranks.leads:
        artefact.write_json(place / unfinished.DATA, {"data": mark, "own": asked.own})
        if ready.measured.figures:  # a resumed training follows its recipe and measures nothing, but its run still tells these
            artefact.write_json(place / PLAN, ready.measured.as_dict())
        draft = place / ".recipe.toml"
        draft.write_text(ready.recipe.to_toml(), "utf-8")
        draft.replace(written)
    return session


def figures_of_plan(place: Path) -> dict[str, Any]:
    """What was measured for the step plan, for the run and its report; empty where nothing was.

    A file that is broken is said and deleted: no step depends on it, since the recipe has the plan itself, and measuring again
    could find another one, with which a resumed training would not end as it would have undisturbed.
    """
    path = place / PLAN
    if not path.exists():
        return {}
    try:
        told = artefact.read_json(path)
        if told["chosen"].keys() and all(figure.keys() >= told["chosen"].keys() | SHOWN for figure in told["figures"]):
            return told
    except (RunError, TypeError, KeyError, AttributeError):
        pass
    say(_("what was measured for the step plan cannot be read any more, so the run goes without; the plan itself stays"))
    path.unlink()
    return {}


def mark_in(place: Path) -> str:
    """The mark of the data that an interrupted training began with. Raises `RunError` F-RESUME-FILE where it cannot be read."""
    try:
        return str(artefact.read_json(place / unfinished.DATA)["data"])
    except (RunError, TypeError, KeyError):
        raise RunError(
            "F-RESUME-FILE",
            _("a file of the interrupted training cannot be read, so it cannot be gone on from"),
            where=str(place / unfinished.DATA),
            fix=_("delete that folder, or choose another --out, and train without --resume"),
        ) from None


def require_unchanged(kept: str, mark: str, name: str) -> None:
    """Raises `RunError` F-RESUME-DATA where the data `name` has another mark than an interrupted training kept."""
    if kept != mark:
        raise RunError(
            "F-RESUME-DATA",
            _("the data is not what the interrupted training saw"),
            where=name,
            fix=_("bring the data back as it was, or choose another --out and train without --resume"),
        )


def say_standing(session: Session) -> None:
    """Says from where a resumed training goes on. Processes that were started again tell it as an event."""
    learner = session.learner
    step, total, per_epoch = learner.step, learner.num_steps, learner.order.steps_per_epoch
    if learner.ranks.again:
        return
    if session.is_over():
        say(_("all steps were taken before; what is left is to judge the model and to write the run"))
    elif step == 0:
        say(_("going on from the first step: the training had not come to its first snapshot"))
    else:
        epochs = {"epoch": f"{step / per_epoch:.4g}", "epochs": f"{total / per_epoch:.4g}"}
        say(_("going on from step {step} of {total}, epoch {epoch} of {epochs}").format(step=step, total=total, **epochs))


def require_same(data: Prepared, mark: str, ranks: Ranks) -> None:
    """Raises `RunError` F-PROCESS-DATA where this process has read other data than the first one."""
    if ranks.told(lambda: mark) != mark:
        raise RunError(
            "F-PROCESS-DATA",
            _("the processes of one training have read different data"),
            where=str(data.table.name),
            got=_("process {number} on {machine}").format(number=ranks.rank, machine=platform.node()),
            fix=_("put the same files on every machine"),
        )


def leave_smaller(place: Path, micro_batch: int) -> None:
    """Notes for the processes that begin again how many examples at a time fit into memory."""
    artefact.write_json(place / f"memory-{platform.node()}-{os.getpid()}.json", {"micro_batch": micro_batch})


def noted(place: Path, ranks: Ranks) -> int:
    """How many examples at a time fit into memory, as earlier processes noted it; 0 where they noted nothing."""
    return ranks.told(lambda: min((artefact.read_json(p)["micro_batch"] for p in place.glob("memory-*.json")), default=0))


def note_restart(session: Session, at_once: int) -> None:
    """Follows what earlier processes noted about memory, and says that all began again."""
    learner = session.learner
    if at_once and (learner.micro_batch == 0 or learner.micro_batch > at_once):
        began_smaller(session, at_once)
    elif learner.ranks.again:
        learner.events.append(Event(learner.step, "began-again"))


def began_smaller(session: Session, at_once: int) -> None:
    """Goes on with at most `at_once` examples at a time, and says so."""
    learner = session.learner
    learner.micro_batch = least(learner.micro_batch, at_once)
    learner.events.append(Event(learner.step, "began-smaller", {"micro_batch": learner.micro_batch}))


def data_mark(fingerprints: Mapping[str, np.ndarray], parts: Iterable[np.ndarray]) -> str:
    """A hash of everything that steps depend on, to know the same data again: the examples, and the rows of each part."""
    digest = hashlib.blake2b(digest_size=16)
    for name in sorted(fingerprints):
        digest.update(fingerprints[name].tobytes())
    for rows in parts:
        digest.update(np.ascontiguousarray(rows).tobytes())
    return digest.hexdigest()

"""A session ready for its first step, or for the next one where it was interrupted; only with the data that it began with."""

import hashlib
import sys
from pathlib import Path
from typing import Any

import numpy as np

from fukami.core import artefact
from fukami.core.errors import RunError
from fukami.core.language import _
from fukami.predictor import Predictor
from fukami.training.network import Ready, make_ready
from fukami.training.prepare import Prepared, headline_of
from fukami.training.session import Best, Session

PLAN = "plan.json"
"""The figures that the step plan rests on, in an unfinished training's folder; the run has them in `run.json`."""


def say(text: str) -> None:
    """Advice goes to standard error; standard output carries results alone."""
    print(text, file=sys.stderr, flush=True)


def begin(data: Prepared, place: Path, out: Path, *, module: Any = None, loss: Any = None) -> tuple[Session, Ready]:
    """A session ready to run, restored to where it was saved."""
    ready = make_ready(data, model=module, loss=loss)
    for note in (*ready.built.notes, *ready.measured.notes, ready.measured.line()):
        if note:
            say(note)
    predictor = Predictor(data.task, ready.built.network, ready.recipe, data.choice, ready.plan, device=ready.learner.device)
    session = Session(
        data, predictor, ready.learner, place, out, Best(headline_of(data.recipe)), ready.recipe.plan.snapshot_steps
    )
    written, mark = place / "recipe.toml", place / "data.json"
    if written.exists():
        if artefact.read_json(mark) != data_mark(data):
            raise RunError(
                "F-RESUME-DATA",
                _("the data is not what the interrupted training saw"),
                where=str(data.table.name),
                fix=_("train without --resume"),
            )
        session.restore()
    else:
        artefact.write_json(mark, data_mark(data))
        if ready.measured.figures:  # a resumed training follows its recipe and measures nothing, but its run still tells these
            artefact.write_json(place / PLAN, ready.measured.as_dict())
        draft = place / ".recipe.toml"
        draft.write_text(ready.recipe.to_toml(), "utf-8")
        draft.replace(written)
    return session, ready


def data_mark(data: Prepared) -> dict[str, Any]:
    """A hash of everything that the steps depend on, to know the same data again."""
    digest = hashlib.blake2b(digest_size=16)
    for name in sorted(data.fingerprints):
        digest.update(data.fingerprints[name].tobytes())
    for rows in (data.split.train, data.split.valid):
        digest.update(np.ascontiguousarray(rows).tobytes())
    return {"data": digest.hexdigest()}

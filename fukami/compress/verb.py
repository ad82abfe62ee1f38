"""`compress`: a run in, a smaller or faster run out, judged on the same held-out examples, or a refusal."""

from __future__ import annotations

import shlex
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from fukami.compress import gate, writing
from fukami.compress.asked import WAYS, Asked
from fukami.compress.contract import Form, Work
from fukami.compress.gains import gains, note
from fukami.compress.graphs import latencies
from fukami.compress.job import Job, Side, metrics, side_of, side_of_run
from fukami.compress.search import search
from fukami.core import artefact, stopping
from fukami.core.cards import load
from fukami.core.errors import UsageError
from fukami.core.language import _
from fukami.core.recipe import Recipe
from fukami.evaluate.examples import Judged, examples, require_source
from fukami.models.registry import require_steps
from fukami.opened import Opened
from fukami.predictor import Predictor


def compress_run(run: Opened, asked: Asked, *, out: Path | None = None, data: Any = None) -> dict[str, Any]:
    """Compresses, judges, and writes the new run; the result of the verb.

    Args:
        run: what is compressed; it stays as it is.
        asked: the ways, or a budget, and what may be lost.
        out: the new run's folder; beside the old one, named after what was done, where it is None.
        data: what the run was trained on, where that were arrays.

    Raises:
        GateError: it is worse than allowed, or no form meets the budget. UsageError: it cannot be done with this run.
    """
    asked.require_metrics(run.task)
    require_weights(run)
    require_steps(run.recipe, "compress")
    target = out or asked.beside(run.path)
    artefact.refuse_existing(target)
    source, own = require_source(run, data), run.recipe
    with artefact.scratch(target) as folder:
        judged = examples(run, source, own, own=True)
        job = Job(run, asked, judged, work_of(run, judged, source, folder, asked.learning), target)
        before = side_of_run(job)
        form, table = search(job.first, job.work, asked, say=say) if asked.wishes else (gone(job), [])
        say(_("{how}: judged on examples kept aside").format(how=form.name))
        after = side_of(job, form, before)
        parity = proven(job, before, after)
        told = {"from": str(run.path), "how": form.name, "bytes": parity["bytes"], **form.told}
        told |= {"pareto": table} if table else {}
        writing.write(job, after, parity=parity, told=told, commands=next_commands(target))
        return result(job, after, parity, table)


def gone(job: Job) -> Form:
    """The form at the end of the ways that were asked for."""
    form = job.first
    for way in job.asked.steps:
        say(_("{way}: at work").format(way=job.asked.words(way.name)))
        form = load(WAYS, way.name).compress(form, job.work, job.asked)
    return form


def proven(job: Job, before: Side, after: Side) -> dict[str, Any]:
    """The proof that `after` is as good as was asked, with metrics, bytes and times of both sides.

    Raises:
        GateError: it is not.
    """
    where = str(job.run.path)
    old, new = before.evaluation.metrics, after.evaluation.metrics
    found = {
        name: gate.proof(
            name, old[name].value, new[name].value, max_drop=most, examples=len(job.judged.rows), how=after.form.name
        )
        for name, most in job.limits.items()
    }
    for name, proof in found.items():
        gate.require(proof, name, old[name].value, new[name].value, where)
    difference, row = gate.worst_example(job.run.predictor.task.target, before.answers, after.answers)
    forms = {"before": before.form, "after": after.form}
    times = [
        {"batch": line["batch"], "threads": line["threads"], **{f"{name}_ms": line["ms"][name] for name in forms}}
        for line in latencies(forms, job.work)
    ]
    return {
        **found[job.headline],
        "metrics": metrics(before, after),
        "bytes": {"before": before.size, "after": after.size},
        "latency": times,
        "worst": {"where": job.place(row), "difference": round(difference, 6)},
    }


def result(job: Job, after: Side, parity: dict[str, Any], table: list[dict[str, Any]]) -> dict[str, Any]:
    """What `fukami compress --json` prints."""
    found = gains(parity["bytes"], parity["latency"])
    told = {
        "run": str(job.out),
        "from": str(job.run.path),
        "how": after.form.name,
        "task": job.run.task,
        "parity": parity,
        "metrics": parity["metrics"],
        "bytes": parity["bytes"],
        "parameters": {"before": job.first.parameters(), "after": after.form.parameters()},
        "latency": parity["latency"],
        "gains": found,
        "notes": [text] if (text := note(found, same=after.form is job.first)) else [],
        "examples": len(job.judged.rows),
    }
    return told | ({"ways": after.form.told} if after.form.told else {}) | ({"pareto": table} if table else {})


def next_commands(out: Path) -> list[tuple[str, str]]:
    """What to do with the new run."""
    return [(f"fukami evaluate {shlex.quote(str(out))}", _("the whole judgement: intervals, baselines, groups"))]


def require_weights(run: Opened) -> None:
    """Raises `UsageError` where the run computes in int8: there are no weights to begin from."""
    if not hasattr(run.predictor.network, "encoder"):
        raise UsageError(
            "F-COMPRESS-AGAIN",
            _("the run computes in int8 already, which cannot be compressed further"),
            where=str(run.path),
            fix=_("compress the run that it was made from: {run}").format(
                run=run.told.get("compressed", {}).get("from", "RUN")
            ),
        )


# -- what is worked with -------------------------------------------------------------------------------------------------
def work_of(run: Opened, judged: Judged, source: Any, folder: Path, settings: dict[str, Any]) -> Work:
    """The data of the run's training, divided as it was, and the engine."""
    division, seed = judged.split, run.recipe.learning.seed
    assert division is not None
    train, valid = division.train, np.sort(division.valid)
    return Work(judged.store, train, valid, judged.rows, folder, learning(source, folder), settings, seed)


def learning(source: Any, folder: Path) -> Callable[[Recipe], tuple[Path, Predictor]]:
    """What trains a recipe on `source`, into a run of its own in `folder`."""

    def learn(recipe: Recipe) -> tuple[Path, Predictor]:
        from fukami.core.unfinished import Interrupted
        from fukami.training.asked import Asked as Training
        from fukami.training.verb import run_training

        out = Path(tempfile.mkdtemp(prefix="learned-", dir=folder)) / "run"
        recipe = replace(recipe, data=replace(recipe.data, source=source if isinstance(source, str) else recipe.data.source))
        try:
            with stopping.instead(lambda _interrupt: KeyboardInterrupt()):
                made = run_training(Training(recipe, source, out))
        except Interrupted:  # its folder goes with the compression's, so there is nothing to go on from
            raise KeyboardInterrupt from None
        return made, Opened(made).predictor

    return learn


def say(text: str) -> None:
    """Progress goes to standard error; standard output carries results alone."""
    print(text, file=sys.stderr, flush=True)

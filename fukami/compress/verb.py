"""`compress`: a run in, a smaller or faster run out, judged on the same held-out examples, or a refusal."""

from __future__ import annotations

import shlex
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fukami.compress import gate, writing
from fukami.compress.contract import Form, Work
from fukami.compress.graphs import file_bytes, graph_of, latencies
from fukami.compress.search import search
from fukami.compress.wishes import Wish, wishes
from fukami.core import artefact
from fukami.core.cards import card, load
from fukami.core.errors import UsageError, unknown
from fukami.core.language import _
from fukami.core.recipe import Recipe
from fukami.evaluate.examples import Judged, examples, require_source
from fukami.evaluate.whole import place
from fukami.predictor import Predictor

if TYPE_CHECKING:
    from fukami.run import Run

FORMATS = ("int8", "bf16")


def compress_run(
    run: Run,
    *,
    out: Path | None = None,
    data: Any = None,
    to: str = "",
    prune: float = 0.0,
    unstructured: bool = False,
    distill: str = "",
    budget: str = "",
    max_drop: float | None = None,
    epochs: float | None = None,
    settings: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Compresses, judges, and writes the new run; the result of the verb.

    Args:
        run: what is compressed; it stays as it is.
        out: the new run's folder; beside the old one, named after what was done, where it is None.
        data: what the run was trained on, where that were arrays.
        to: `int8` or `bf16`.
        prune: the share of channels and hidden widths that goes; with `unstructured`, of single weights.
        distill: the student's model, such as `cnn:tiny`. What learns comes first, then the number format.
        budget: conditions that are searched for instead, such as `latency<=10ms,accuracy-drop<=1`.
        max_drop: points of the headline metric that may be lost.
        epochs: how long a student, or what is left after pruning, learns. `settings`: further options of that training.

    Raises:
        GateError: it is worse than allowed, or no form meets the budget. UsageError: nothing was asked for, or it cannot be.
    """
    wanted = wishes(budget) if budget else ()
    require_metrics(wanted, run.predictor.recipe)
    steps = steps_of(to, prune, unstructured, distill, budget)
    require_weights(run)
    target = out or named(run.path, steps, budget)
    artefact.refuse_existing(target)
    source = require_source(run, data)
    own = run.predictor.recipe
    judged = examples(run, source, own, own=True)
    allowed = max_drop if max_drop is not None else least_drop(wanted, own)
    chosen = {**(settings or {}), **({"epochs": epochs} if epochs else {})}
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as folder:
        work = work_of(run, judged, source, Path(folder), chosen)
        first = Form(base=run.path, predictor=run.predictor, recipe=own)
        table: list[dict[str, Any]] = []
        if wanted:
            form, table = search(first, work, wanted, students=[distill] if distill else [], say=say)
        else:
            form = first
            for way, asked in steps:
                say(_("{way}: at work").format(way=f"{way} {asked}".strip()))
                form = load("compress/ways", way).compress(form, work, asked)
        return _finished(run, first, form, work, judged, target, allowed=allowed, wanted=wanted, table=table)


def _finished(
    run: Run,
    first: Form,
    form: Form,
    work: Work,
    judged: Judged,
    out: Path,
    *,
    allowed: float,
    wanted: tuple[Wish, ...],
    table: list[dict[str, Any]],
) -> dict[str, Any]:
    """Judges a form beside the first one, and writes it where the gate lets it through."""
    headline, rows = run.predictor.task.card.headline, work.held_out
    sides = run.predictor, writing.reopened(form, work.place / "after")
    answers = [gate.answers(side, work.store, rows) for side in sides]
    before, after = (gate.evaluation(side, asked) for side, asked in zip(sides, answers, strict=True))
    how = " + ".join(form.how) or "float32"
    values = before.metrics[headline].value, after.metrics[headline].value
    parity = gate.proof(headline, *values, max_drop=allowed, examples=len(rows), how=how)
    gate.require(parity, headline, *values, str(run.path))
    require_drops(wanted, headline, before.metrics, after.metrics, str(run.path))
    metrics = {name: {"before": before.metrics[name].value, "after": after.metrics[name].value} for name in before.metrics}
    sizes = {"before": file_bytes(first, work.place / "before"), "after": file_bytes(form, work.place / "after" / "model")}
    models = {"before": graph_of(first, work), "after": graph_of(form, work)}
    times = [
        {"batch": line["batch"], "threads": line["threads"], **{f"{name}_ms": line["ms"][name] for name in models}}
        for line in latencies(models, first, work)
    ]
    difference, row = gate.worst_example(*answers)
    where = place(judged.columns[next(iter(run.predictor.task.inputs))], row)
    parity |= {"metrics": metrics, "bytes": sizes, "latency": times}
    parity |= {"worst": {"where": where, "difference": round(difference, 6)}}
    told = {"from": str(run.path), "how": how, "bytes": sizes, **form.told}
    commands = [(f"fukami evaluate {shlex.quote(str(out))}", _("the whole judgement: intervals, baselines, groups"))]
    model = work.place / "after" / "model"
    writing.write(form, out, model=model, evaluation=after, parity=parity, told=told, columns=judged.columns, commands=commands)
    parameters = {"before": first.parameters(), "after": form.parameters()}
    result = {"run": str(out), "from": str(run.path), "how": how, "task": run.task, "parity": parity, "metrics": metrics}
    result |= {"bytes": sizes, "parameters": parameters, "latency": times, "examples": len(rows)}
    return result | ({"ways": form.told} if form.told else {}) | ({"pareto": table} if table else {})


# -- what was asked ------------------------------------------------------------------------------------------------------
def steps_of(to: str, prune: float, unstructured: bool, distill: str, budget: str) -> list[tuple[str, Any]]:
    """The ways that were asked for, in the order in which they are gone: (name, what was typed behind its flag)."""
    if to:
        card("compress/ways", to)
    if to and to not in FORMATS:
        raise UsageError("F-COMPRESS-TO", _("this is not a number format"), expected=" | ".join(FORMATS), got=to)
    if budget and (to or prune):
        raise UsageError(
            "F-OPTION-TOGETHER",
            _("{one} and {other} cannot be given together").format(one="--budget", other="--to | --prune"),
            expected=_("--budget alone, or with --distill"),
        )
    if not 0 <= prune < 1:
        raise UsageError(
            "F-COMPRESS-SHARE", _("a share lies between 0 and 1"), expected="--prune 0.5", got=f"--prune {prune:g}"
        )
    if distill and prune:  # the recipe of the second would name a run that is in nobody's hands
        raise UsageError(
            "F-OPTION-TOGETHER",
            _("{one} and {other} cannot be given together").format(one="--distill", other="--prune"),
            fix=_("compress twice: the student is a run, which can be pruned"),
        )
    if unstructured and not prune:
        raise UsageError("F-COMPRESS-SHARE", _("--unstructured says how to prune"), expected="--prune 0.5 --unstructured")
    steps: list[tuple[str, Any]] = [("distill", distill)] if distill else []
    steps += [("prune", (prune, "unstructured") if unstructured else prune)] if prune else []
    steps += [(to, "")] if to else []
    if not steps and not budget:
        raise UsageError(
            "F-COMPRESS-HOW",
            _("it is not said how to compress"),
            expected="--to int8 | --to bf16 | --prune 0.5 | --distill MODEL | --budget …",
        )
    return steps


def named(run: Path, steps: list[tuple[str, Any]], budget: str) -> Path:
    """The new run's folder beside the old one.

    >>> named(Path("runs/cats"), [("prune", 0.5), ("int8", "")], "").as_posix()
    'runs/cats-prune-int8'
    """
    words = "-".join(way for way, _asked in steps)
    return run.parent / f"{run.name}-{'budget' if budget else words}"


def require_weights(run: Run) -> None:
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


def require_metrics(wanted: tuple[Wish, ...], recipe: Recipe) -> None:
    """Raises `UsageError` F-METRIC-NAME where a budget names a metric that the task is not judged by."""
    told = card("tasks", recipe.task)
    known = (told.headline, *told.also)
    for wish in wanted:
        if wish.is_drop and wish.what not in known:
            raise unknown(_("metric"), wish.what, known, code="F-METRIC-NAME")


def require_drops(wanted: tuple[Wish, ...], headline: str, before: Any, after: Any, where: str) -> None:
    """Raises `GateError` where a budget's further metrics, met where a form was chosen, drop too far here."""
    for wish in wanted:
        if not wish.is_drop or wish.what == headline:
            continue
        values = before[wish.what].value, after[wish.what].value
        gate.require(gate.proof(wish.what, *values, max_drop=wish.most, examples=0, how=""), wish.what, *values, where)


def least_drop(wanted: tuple[Wish, ...], recipe: Recipe) -> float:
    """What the gate allows where a budget was given: what it says of the headline metric, else the usual."""
    headline = card("tasks", recipe.task).headline
    said = [wish.most for wish in wanted if wish.what == headline]
    return min(said) if said else gate.MAX_DROP


# -- what is worked with -------------------------------------------------------------------------------------------------
def work_of(run: Run, judged: Judged, source: Any, folder: Path, settings: dict[str, Any]) -> Work:
    """The data of the run's training, divided as it was, and the engine."""
    from fukami.training.prepare import limited

    recipe, division = run.predictor.recipe, judged.split
    assert division is not None
    train = limited(division.train, recipe)
    seed = recipe.learning.seed
    return Work(judged.store, train, np.sort(division.valid), judged.rows, folder, learning(source, folder), settings, seed)


def learning(source: Any, folder: Path) -> Callable[[Recipe], tuple[Path, Predictor]]:
    """What trains a recipe on `source`, into a run of its own in `folder`."""

    def learn(recipe: Recipe) -> tuple[Path, Predictor]:
        from fukami.core.unfinished import Interrupted
        from fukami.training.asked import Asked
        from fukami.training.verb import run_training

        out = Path(tempfile.mkdtemp(prefix="learned-", dir=folder)) / "run"
        recipe = replace(recipe, data=replace(recipe.data, source=source if isinstance(source, str) else recipe.data.source))
        try:
            made = run_training(Asked(recipe, source, out))
        except Interrupted:  # its folder goes with the compression's, so there is nothing to go on from
            raise KeyboardInterrupt from None
        return made.path, made.predictor

    return learn


def say(text: str) -> None:
    """Progress goes to standard error; standard output carries results alone."""
    print(text, file=sys.stderr, flush=True)

"""A predictor judged on stored examples: metrics with intervals, groups, baselines, its most confident mistakes as pictures.

This joins the pieces of the room; `judge` and the baselines know nothing of predictors, and predictors nothing of metrics.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from fukami.core.cards import card
from fukami.core.errors import unknown
from fukami.core.language import _
from fukami.core.recipe import whole_names
from fukami.core.seeds import derive, generator
from fukami.core.tables import Column, Table
from fukami.data.store import Store, frames_of
from fukami.evaluate import calibration
from fukami.evaluate.baselines.contract import Answers, Fitted, num_rows
from fukami.evaluate.baselines.fitting import fit_baselines
from fukami.evaluate.evaluation import Evaluation
from fukami.evaluate.judge import judge
from fukami.evaluate.significance import Difference, differences
from fukami.evaluate.spool import Batch, Spool
from fukami.explain.importance import importance
from fukami.fields import batch as trees
from fukami.fields.contract import NOTHING
from fukami.fields.scored import Scored
from fukami.models.contract import Network
from fukami.predictor import BATCH, MOST_BYTES, Predictor
from fukami.tasks.contract import Task

FITTED_ON = 20_000
"""Validation examples that a target settles on: a temperature, say, needs no more."""
FITTED_BYTES = 1 << 28
"""Most of these answers and targets that are held together."""
SAMPLES = 3
"""Answers that the report shows where they are not what is judged."""
SHOWN_MISTAKES = 12
"""Mistakes drawn in the report: enough to see a pattern, few enough to load on a phone."""


def metric_names(task: Task) -> tuple[str, ...]:
    """The task's metrics, the headline first. Those that say nothing of so few classes are left out."""
    names, target = (task.card.headline, *task.card.also), task.target
    if not isinstance(target, Scored):
        return names
    return tuple(name for name in names if card("metrics", name).least_outputs <= target.num_outputs)


def group_columns(table: Table, names: Sequence[str]) -> dict[str, Column]:
    """The columns to group by. An unknown name raises `UsageError` with the nearest."""
    names = whole_names(names, table.columns)
    for name in names:
        if name not in table.columns:
            raise unknown(_("column"), name, table.columns, code="F-COLUMN-NAME")
    return {name: table.columns[name] for name in names}


def judged(
    predictor: Predictor,
    raw: Spool,
    *,
    groups: dict[str, Column] | None = None,
    columns: dict[str, list[Column]] | None = None,
    replicates: int = 200,
) -> Evaluation:
    """Judges `predictor` by its answers before what its target has learned from validation answers, which is applied here.

    `columns` are the raw examples, whose places the mistakes then tell: rows are numbered anew wherever fewer examples, or
    more, are looked at.
    """
    target, names, seed = predictor.task.target, metric_names(predictor.task), predictor.recipe.learning.seed

    def settle(answers: Any) -> Any:
        return trees.arrays(target.settle(trees.tensors(answers)))

    found = judge(target, names, raw.mapped(settle), groups=groups, seed=seed, replicates=replicates)
    if columns is not None:
        for told in (found.details.get(name, ()) for name in ("mistakes", "typical", "passages")):
            for one in told:
                one["where"] = place(columns[next(iter(predictor.task.inputs))], one["row"])
        if shown := samples(predictor, columns, raw):
            found.details["samples"] = shown
        if replicates and len(raw):
            _answers, truth, rows = next(iter(raw))
            if (weighed := importance(predictor, columns, truth, rows)) is not None:
                found.details["importance"] = weighed
    return found


def samples(predictor: Predictor, columns: dict[str, list[Column]], raw: Spool) -> list[dict[str, Any]]:
    """What people are answered about a few of the examples of `raw`, where a judgement asks something else: `html` of the
    input, and the `answer`."""
    task = predictor.task
    if task.assess is None or not len(raw):
        return []
    rows = np.sort(np.concatenate([rows for _answers, _truth, rows in raw]))
    few = rows[np.linspace(0, len(rows) - 1, min(SAMPLES, len(rows))).astype(np.int64)]
    cells: dict[str, Sequence[Column]] = {name: [column.take(few) for column in columns[name]] for name in task.inputs}
    told = []
    for number, answer in enumerate(predictor.predict(cells)):
        html = "".join(field.render(cells[name], number) for name, field in task.inputs.items())
        told.append({"html": html, "answer": answer, "where": place(columns[next(iter(task.inputs))], int(few[number]))})
    return told


def some_of(task: Task, rows: np.ndarray, seed: int) -> np.ndarray:
    """The held-out rows that are judged: all, or as many as the task allows itself, drawn once and for all."""
    most = task.card.most_judged
    return rows if not most or len(rows) <= most else np.sort(generator(seed, "judged").choice(rows, most, replace=False))


def left_out(task: Task, total: int) -> str:
    """What is said where not all held-out examples are judged; empty where they are."""
    most = task.card.most_judged
    if not most or total <= most:
        return ""
    return _("{n} of {total} examples kept aside are judged, drawn by chance: answers of this task take long").format(
        n=f"{most:,}", total=f"{total:,}"
    )


def baselines(predictor: Predictor, columns: dict[str, list[Column]], train: np.ndarray) -> list[Fitted]:
    """The task's baselines, fitted on the training rows of raw `columns`."""
    task, target = predictor.task, predictor.task.target
    inputs = {name: columns[name] for name in task.inputs}
    names = task.card.baselines
    return fit_baselines(names, task.inputs, inputs, target, columns[target.name], train, untrained=untrained(predictor))


def untrained(predictor: Predictor) -> Answers | None:
    """What `predictor` would answer with new weights; None where it is a module of the caller's own, or answers by a file."""
    choice, recipe = predictor.choice, predictor.recipe
    if choice is None or not isinstance(predictor.network, Network):
        return None

    def answers(columns: dict[str, list[Column]]) -> Any:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive(recipe.learning.seed, "weights"))
            network = predictor.task.network(choice, options=recipe.model.options)
        fresh = replace(predictor, network=network.to(predictor.device).eval())
        rows = np.arange(num_rows(columns))
        return trees.joined(
            [trees.arrays(fresh.answers(fresh.batch(columns, part))) for part in np.split(rows, rows[BATCH::BATCH])]
        )

    return answers


def judged_baselines(
    task: Task,
    fitted: Sequence[Fitted],
    columns: dict[str, list[Column]],
    store: Store,
    rows: np.ndarray,
    *,
    beside: Evaluation,
    seed: int,
) -> tuple[dict[str, dict[str, float]], dict[str, Difference]]:
    """Baseline name → metric → value, on the same examples that the predictor is judged on; and by how much the predictor's
    headline metric in `beside`, of the same `seed`, is more than that of each, for targets that are classes or numbers."""
    out: dict[str, dict[str, float]] = {}
    apart: dict[str, Difference] = {}
    names = metric_names(task)
    for one in fitted:
        answers = Spool(_stream(one, task, columns, store, rows))
        found = judge(task.target, names, answers, replicates=0, keep_mistakes=0)
        out[one.name] = {name: told["value"] for name, told in found.as_dict()["metrics"].items()}
        if isinstance(task.target, Scored):
            drawn = judge(task.target, names[:1], answers, seed=seed, keep_mistakes=0)
            apart[one.name] = differences(drawn, beside)[names[0]]
    return out, apart


def _stream(one: Fitted, task: Task, columns: dict[str, list[Column]], store: Store, rows: np.ndarray) -> Iterator[tuple]:
    target = task.target
    each = trees.num_bytes(target.truth(target.batch(store.arrays[target.name], rows[:1])))
    size = max(1, min(4096, MOST_BYTES // max(1, each)))
    for start in range(0, len(rows), size):
        part = rows[start : start + size]
        inputs = {name: [c.take(part) for c in columns[name]] for name in task.inputs}
        truth = target.truth(target.batch(store.arrays[target.name], part))
        yield one.answers(inputs), trees.arrays(truth), part


def settled(predictor: Predictor, store: Store, valid: np.ndarray) -> Predictor:
    """The predictor whose target has learned from its answers to the validation examples; as it is where they teach nothing."""
    if not predictor.task.target.settles or len(valid) == 0:
        return predictor
    if len(valid) > FITTED_ON:
        valid = np.sort(generator(predictor.recipe.learning.seed, "temperature").choice(valid, FITTED_ON, replace=False))
    return settled_by(predictor, predictor.stream(store, valid, settled=False))


def settled_by(predictor: Predictor, raw: Iterable[Batch]) -> Predictor:
    """The predictor whose target has learned from its own answers `raw`, before anything like it was applied to them: as many
    of them as have `FITTED_BYTES`, evenly over all."""
    if not predictor.task.target.settles:
        return predictor
    answers, truth = trees.joined(thinned(raw, FITTED_BYTES))
    return predictor.settled(trees.tensors(answers), trees.tensors(truth))


def thinned(raw: Iterable[Batch], most: int) -> list[tuple[Any, Any]]:
    """Answers and truths of a stream, a batch at a time: all, or every second, fourth … example where they have more bytes than
    `most`, so that the stream is never held.

    >>> stream = [(np.arange(4), np.arange(4), np.arange(4)), (np.arange(4, 8), np.arange(4, 8), np.arange(4, 8))]
    >>> [part[0].tolist() for part in thinned(stream, 64)], len(thinned(stream, 128))
    ([[0, 2], [4, 6]], 2)
    """
    kept: list[tuple[np.ndarray, Any]] = []
    step, seen, held = 1, 0, 0

    def among(number: np.ndarray, both: Any) -> tuple[np.ndarray, Any]:
        wanted = np.flatnonzero(number % step == 0)
        return number[wanted], trees.taken(both, wanted)

    for answers, truth, rows in raw:
        kept.append(among(np.arange(seen, seen + len(rows)), (answers, truth)))
        seen += len(rows)
        held += trees.num_bytes(kept[-1][1])
        while held > most and step < seen:
            step *= 2
            kept = [among(*part) for part in kept]
            held = sum(trees.num_bytes(both) for _number, both in kept)
    return [both for number, both in kept if len(number)]


def calibration_proof(predictor: Predictor, raw: Spool, found: Evaluation, part: str) -> dict[str, Any] | None:
    """What the predictor's temperature did to the held-out examples of `raw`, whose evaluation with it is `found`.

    None where there is nothing to calibrate, and where they are the validation `part`: it was fitted on, so it proves nothing.
    """
    target = predictor.task.target
    if not isinstance(target, Scored) or not target.calibrates or part != "test":
        return None
    before = judged(predictor.unsettled(), raw, replicates=0)
    return calibration.proof(before, found, temperature=target.temperature)


def pictures(
    evaluation: dict[str, Any], task: Task, columns: dict[str, list[Column]], *, of: str = "mistakes"
) -> list[dict[str, Any]]:
    """The most confident mistakes of an `Evaluation.as_dict()` (or other examples that it tells `of`), each rendered with its
    answer by the target field, beside the drawn inputs or in place of them.

    Those that are not among the examples of `columns` are left out: the evaluation may have looked at more of them.
    """
    shown, cells = [], columns[next(iter(task.inputs))]
    for mistake in evaluation.get(of, [])[:SHOWN_MISTAKES]:
        row = _position(cells, mistake)
        if row is not None:
            inputs = "".join(field.render(columns[name], row) for name, field in task.inputs.items())
            frames = frames_of(task.inputs, columns, np.array([row])) if task.target.framed else NOTHING
            own = {"columns": columns.get(task.target.name, ()), "row": row, "frames": frames, "over": inputs}
            drawn = {side: task.target.drawn(mistake.get(side), **own) for side in ("target", "answer")}
            words = {side: "" for side, fragment in drawn.items() if fragment}
            # an answer of which no truth is told holds it in its drawing, and the inputs as well
            whole = "" if "target" in mistake else drawn.pop("answer")
            shown.append({**mistake, **words, "html": whole or inputs, "drawn": drawn, "where": place(cells, row)})
    return shown


def _position(cells: Sequence[Column], mistake: dict[str, Any]) -> int | None:
    """Where a mistake stands among `cells`, whose rows may be numbered otherwise than when it was made."""
    row, total = mistake["row"], len(cells[0])
    where = mistake.get("where")
    if where is None or (row < total and place(cells, row) == where):
        return row if row < total else None
    return next((other for other in range(total) if place(cells, other) == where), None)


def place(columns: Sequence[Column], row: int) -> str:
    """Where an example stands: its cell, or for one of many cells its row."""
    first = columns[0]
    return (first if len(columns) == 1 else replace(first, name="")).where(row)

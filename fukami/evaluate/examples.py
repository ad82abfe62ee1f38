"""The labelled examples that a run is judged on: read, bound, prepared, without those that it was trained on."""

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from fukami.core.errors import DataError
from fukami.core.language import _
from fukami.core.problems import Problem
from fukami.core.tables import Column, Table
from fukami.data import read
from fukami.data.bind import bind
from fukami.data.doctor import examine
from fukami.data.split import Split, combined, split
from fukami.data.store import Store, prepare

if TYPE_CHECKING:
    from fukami.run import Run


@dataclasses.dataclass(frozen=True)
class Judged:
    """The examples of an evaluation: raw columns, prepared store, the rows that count, and what was left out."""

    table: Table
    columns: dict[str, list[Column]]
    store: Store
    rows: np.ndarray
    problems: list[Problem]
    excluded: int
    unusable: int
    split: Split | None = None
    """How the training's own data is divided; None for other data."""


def held_out(run: "Run", data: Any = None) -> Judged:
    """The examples that the training of `run` kept aside, or those of `data` that it was not trained on.

    Raises `DataError` where there are none, or where the run was trained on arrays and no data is given.
    """
    recipe = run.predictor.recipe
    return examples(run, require_source(run, data), recipe, own=data is None)


def require_source(run: "Run", data: Any) -> Any:
    """What the examples are read from: `data`, or else what the run was trained on."""
    source = run.predictor.recipe.data.source if data is None else data
    if isinstance(source, str) and not source:
        raise DataError(
            "F-EVALUATE-DATA",
            _("the run was trained on arrays, which it does not keep"),
            where=str(run.path),
            fix=_("give them again: data=(x, y) in Python, DATA or --data on the command line"),
        )
    return source


def examples(run: "Run", source: Any, recipe: Any, *, own: bool) -> Judged:
    """Reads and prepares the examples, leaving out those that cannot be used and those that the run was trained on."""
    predictor = run.predictor
    task = predictor.task
    read_table, whole_columns = bound(run, source, recipe)
    table, columns = usable_only(run, read_table, whole_columns)
    hashes = {name: field.fingerprint(columns[name]) for name, field in task.fields.items()}
    division = None
    if own:
        division = split(table, columns, task, recipe.data, seed=recipe.learning.seed)
        # where there is no test part, the validation part stands for it, as it did when the training ended
        tested = len(division.test) > 0
        rows = np.intersect1d(unseen(run, hashes, table)[0], division.test) if tested else division.valid
        excluded = 0
    else:
        rows, excluded = unseen(run, hashes, table)
    store = prepare(task.fields, columns, hashes)
    problems = [] if own else examine(task, table, whole_columns, None)
    return Judged(table, columns, store, rows, problems, excluded, len(read_table) - len(table), division)


def bound(run: "Run", source: Any, recipe: Any) -> tuple[Table, dict[str, list[Column]]]:
    """The source as a table, and the columns of the run's inputs and targets."""
    task = run.predictor.task
    table = read(source, recipe.data, kinds=task.card.inputs)
    return table, bind(table, task, recipe.data)


def usable_only(run: "Run", table: Table, columns: dict[str, list[Column]]) -> tuple[Table, dict[str, list[Column]]]:
    """The examples whose inputs can be read and whose targets the run knows."""
    fields = run.predictor.task.fields
    keep = np.flatnonzero(np.logical_and.reduce([fields[name].usable(cols) for name, cols in columns.items()]))
    if len(keep) == 0:
        raise DataError(
            "F-EVALUATE-EMPTY",
            _("no example of the data can be judged"),
            where=table.name,
            expected=_("inputs that can be read and targets that the run knows"),
        )
    return table.take(keep), {name: [c.take(keep) for c in cols] for name, cols in columns.items()}


def unseen(run: "Run", hashes: dict[str, np.ndarray], table: Table) -> tuple[np.ndarray, int]:
    """Rows that the run was not trained on, and how many it was."""
    seen = np.load(run.path / "reference" / "seen.npy", allow_pickle=False)
    known = np.isin(combined([hashes[name] for name in run.predictor.task.inputs]), seen)
    rows = np.flatnonzero(~known)
    if len(rows) == 0:
        raise DataError(
            "F-EVALUATE-SEEN",
            _("the run was trained on every one of these examples"),
            where=table.name,
            expected=_("examples that the training did not see"),
            fix=_("evaluate without DATA to judge the part that was kept aside"),
        )
    return rows, int(known.sum())

"""The labelled examples that a run is judged on: read, bound, prepared, without those that it was trained on."""

import dataclasses
from typing import Any, NamedTuple

import numpy as np

from fukami.core.errors import DataError
from fukami.core.language import _
from fukami.core.problems import Problem
from fukami.core.tables import Column, Table
from fukami.data import read
from fukami.data.bind import bind
from fukami.data.doctor import examine
from fukami.data.limit import limited
from fukami.data.split import Split, split
from fukami.data.store import Store, prepare
from fukami.evaluate.unjudged import reasons, unknown
from fukami.opened import Opened
from fukami.tasks.contract import Task


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
    unjudged: list[str] = dataclasses.field(default_factory=list)
    """Why the `unusable` ones are not judged."""
    split: Split | None = None
    """How the training's own data is divided; None for other data."""
    limit: int = 0
    """How many training examples those of `split` were limited to."""


def held_out(run: Opened, data: Any = None) -> Judged:
    """The examples that the training of `run` kept aside, or those of `data` that it was not trained on.

    Raises `DataError` where there are none, or where the run was trained on arrays and no data is given.
    """
    recipe = run.recipe
    return examples(run, require_source(run, data), recipe, own=data is None)


def require_source(run: Opened, data: Any) -> Any:
    """What the examples are read from: `data`, or else what the run was trained on."""
    source = run.recipe.data.source if data is None else data
    if isinstance(source, str) and not source:
        raise DataError(
            "F-EVALUATE-DATA",
            _("the run was trained on arrays, which it does not keep"),
            where=str(run.path),
            fix=_("give them again: data=(x, y) in Python, DATA or --data on the command line"),
        )
    return source


def examples(run: Opened, source: Any, recipe: Any, *, own: bool) -> Judged:
    """Reads and prepares the examples, leaving out those that cannot be used and those that the run was trained on."""
    task = run.predictor.task
    table, columns = bound(run, source, recipe)
    whole_columns, unusable, division = columns, 0, None
    if own:
        found = divided(run, table, columns, recipe)
        table, columns, division, unusable = found.table, found.columns, found.split, found.unusable
    known = usable_rows(task, table, columns)
    unusable += len(table) - len(known)
    table, columns = taken(table, columns, known)
    hashes = {name: field.fingerprint(columns[name]) for name, field in task.fields.items() if name in columns}
    if division is not None:
        division = division.among(known)
        # where there is no test part, the validation part stands for it, as it did when the training ended
        tested = len(division.test) > 0
        rows = np.intersect1d(unseen(run, hashes, table)[0], division.test) if tested else division.valid
        excluded = 0
    else:
        rows, excluded = unseen(run, hashes, table)
    store = prepare(task.fields, columns, hashes)
    problems = [] if own else examine(task, table, whole_columns, None)
    why = reasons(task, whole_columns) if unusable else []
    return Judged(table, columns, store, rows, problems, excluded, unusable, why, division, recipe.data.limit)


class Divided(NamedTuple):
    """A training's own data, and how it was divided; `unusable` counts what could not be used."""

    table: Table
    columns: dict[str, list[Column]]
    split: Split
    unusable: int


def divided(run: Opened, table: Table, columns: dict[str, list[Column]], recipe: Any) -> Divided:
    """The examples that the training of `run` looked at, divided as it divided them: by fields that had not learned yet."""
    task, seed = run.predictor.task, recipe.learning.seed
    unlearned = task.with_fields({name: dataclasses.replace(field, state={}) for name, field in task.fields.items()})  # type: ignore[type-var]
    usable, total = usable_rows(unlearned, table, columns), len(table)
    table, columns = taken(table, columns, usable)
    division = split(table, columns, unlearned, recipe.data, seed=seed)
    return Divided(
        *limited(division, table, columns, unlearned, limit=recipe.data.limit, seed=seed), unusable=total - len(usable)
    )


def bound(run: Opened, source: Any, recipe: Any) -> tuple[Table, dict[str, list[Column]]]:
    """The source as a table, and the columns of the run's inputs and targets."""
    task = run.predictor.task
    table = read(source, recipe.data, kinds=task.card.kinds)
    return task.examples(task, table, bind(table, task, recipe.data), recipe.data)


def usable_rows(task: Task, table: Table, columns: dict[str, list[Column]]) -> np.ndarray:
    """The examples whose cells the task's fields can use. Raises `DataError` F-EVALUATE-EMPTY where there are none."""
    keep = np.flatnonzero(task.usable(columns))
    if len(keep) == 0:
        strange = [problem for name in task.targets if name in columns and (problem := unknown(task, name, columns))]
        raise DataError(
            "F-EVALUATE-EMPTY",
            _("no example of the data can be judged"),
            where=table.name,
            expected=strange[0].expected if strange else _("inputs that can be read and targets that the run knows"),
            got=strange[0].got if strange else "; ".join(reasons(task, columns)),
            fix=strange[0].fix if strange else "",
        )
    return keep


def taken(table: Table, columns: dict[str, list[Column]], rows: np.ndarray) -> tuple[Table, dict[str, list[Column]]]:
    """The table and the columns of `rows` alone."""
    if len(rows) == len(table):
        return table, columns
    return table.take(rows), {name: [c.take(rows) for c in cols] for name, cols in columns.items()}


def unseen(run: Opened, hashes: dict[str, np.ndarray], table: Table) -> tuple[np.ndarray, int]:
    """Rows that the run was not trained on, and how many it was."""
    seen = np.load(run.path / "reference" / "seen.npy", allow_pickle=False)
    known = np.isin(run.predictor.task.identity(hashes), seen)
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

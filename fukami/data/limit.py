"""A quick trial (`limit`): fewer examples of each part are looked at. Which part an example belongs to stays as it is."""

from dataclasses import replace

import numpy as np

from fukami.core.language import _n
from fukami.core.problems import Problem
from fukami.core.seeds import generator
from fukami.core.tables import PARTS, Column, Table
from fukami.data import draws
from fukami.data.split import Split
from fukami.data.split_proof import content
from fukami.tasks.contract import Task

LEAST_HELD_OUT = 100
"""Fewer examples of a held-out part are never drawn (unless it has fewer): of thirty, no metric says anything."""


Columns = dict[str, list[Column]]


def limited(
    division: Split, table: Table, columns: Columns, task: Task, *, limit: int, seed: int
) -> tuple[Table, Columns, Split]:
    """The examples that a training with this `limit` looks at, and their parts: nothing of the others has to be prepared.

    These are `limit` training examples, and in proportion of the validation and test part, but at least 100 of each. Targets
    keep their proportions in each part, and every class trains while there is room. Held-out examples of a class that was
    not drawn for training are passed over, which a problem tells. `task` has unlearned fields. Deterministic in the data and
    `seed`. Where `limit` is 0, or no less than there are, all stays as it is.
    """
    if not limit or limit >= len(division.train):
        return table, columns, division
    strata = draws.strata(task, columns)
    parts, strange = {"train": _drawn(division.train, strata, limit, seed, "train")}, 0
    for part in ("valid", "test"):
        rows = getattr(division, part)
        known = rows[_known(task, columns, parts["train"], rows)]
        strange += len(rows) - len(known)
        share = round(len(rows) * limit / len(division.train))
        parts[part] = _drawn(known, strata, min(len(known), max(share, LEAST_HELD_OUT)), seed, part)
    told = division.told | {"content": {part: content(task, columns, parts[part]) for part in PARTS}}
    problems = (*division.problems, *_passed_over(strange, table.name))
    drawn = replace(division, **parts, told=told, problems=problems, drawn_from=division.sizes())
    rows = drawn.rows()
    return table.take(rows), {name: [c.take(rows) for c in cells] for name, cells in columns.items()}, drawn.among(rows)


def _drawn(rows: np.ndarray, strata: np.ndarray, count: int, seed: int, part: str) -> np.ndarray:
    return rows[draws.sample(strata[rows], count, generator(seed, "limit", part))]


def _known(task: Task, columns: Columns, train: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Which of `rows` (bool) have targets that can be answered by who learned from `train`."""
    known = np.ones(len(rows), bool)
    for name, field in task.targets.items():
        learned = field.learn([column.take(train) for column in columns[name]])
        cells = [column.take(rows) for column in columns[name]]
        known &= learned.usable(cells) | ~field.usable(cells)  # one that may be missing is not unknown where it is
    return known


def _passed_over(count: int, name: str) -> list[Problem]:
    if not count:
        return []
    return [
        Problem(
            code="F-LIMIT-LABELS",
            severity="warning",
            what=_n(
                "{n} held-out example has a label that none of the drawn training examples has, so nothing is said about it",
                "{n} held-out examples have labels that none of the drawn training examples has, so nothing is said about them",
                count,
            ),
            where=name,
            fix="--set limit=…",
            count=count,
        )
    ]

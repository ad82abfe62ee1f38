"""Whether a division by chance is honest: rows of one patient or machine on both sides, and later days among earlier ones.

N examples, D features.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from fukami.core.errors import DataError
from fukami.core.language import _
from fukami.core.problems import Problem
from fukami.core.seeds import generator
from fukami.core.tables import Column
from fukami.data.checks.leakage import Signal, unexplained
from fukami.data.evidence import Evidence
from fukami.data.moments import moments
from fukami.fields import parsing
from fukami.fields.contract import TargetField
from fukami.fields.row.field import Row
from fukami.fields.row.names import named_things
from fukami.fields.scored import Scored

BY_CHANCE = ("stratified", "random")
MOST_ROWS = 3000
FEWEST = 40
TELLS = 0.5
"""A name that leaves less than this share of the errors of guessing tells the target of its other rows."""
FEWEST_DAYS = 20
_KEPT, _STRENGTH = 0.2, 1e-2


def check(evidence: Evidence) -> Iterator[Problem]:
    """Columns that name something and repeat, and columns of dates, where parts were drawn by chance."""
    if evidence.split is None or evidence.split.method not in BY_CHANCE or len(evidence) < FEWEST:
        return
    rows = np.sort(generator(0, "divisions").permutation(evidence.sample)[:MOST_ROWS])
    yield from _things(evidence, rows)
    for name, field in evidence.inputs.items():
        if isinstance(field, Row):
            yield from _dates(evidence, field, evidence.columns[name], rows)


def _things(evidence: Evidence, rows: np.ndarray) -> Iterator[Problem]:
    targets = {column.name for name in evidence.targets for column in evidence.columns[name]}
    for column in evidence.table.columns.values():
        if column.name in targets or len(column) != len(evidence) or not (count := named_things(column)):
            continue
        left = _left_by(evidence, column, rows)
        yield Problem(
            code="F-DATA-GROUP",
            severity="warning" if left < TELLS else "note",
            what=_("column {name} names something that comes again: {count} values in {total} rows, in every part").format(
                name=column.name, count=f"{count:,}", total=f"{len(column):,}"
            ),
            where=column.file or evidence.table.name,
            expected=_("all rows of one value in one part, where the model is to answer about others"),
            fix=f"--set group={column.name}",
            count=len(column),
        )


def _left_by(evidence: Evidence, column: Column, rows: np.ndarray) -> float:
    """The least share of a target's errors that knowing the name leaves."""
    words = parsing.strings(parsing.plain(column.take(rows).values)).fill_null("").to_numpy(zero_copy_only=False).astype(str)
    signal = Signal(column.name, np.unique(words, return_inverse=True)[1].astype(np.float64), True)
    left = 1.0
    for name, field in evidence.targets.items():
        if field.discrete and name not in evidence.task.same:
            strata = field.strata([target.take(rows) for target in evidence.columns[name]])
            left = min(left, unexplained(signal, np.unique(strata, return_inverse=True)[1], is_class=True))
    return left


def _dates(evidence: Evidence, field: Row, columns: list[Column], rows: np.ndarray) -> Iterator[Problem]:
    for column in columns:
        if column.is_array and column.values.ndim > 1:
            continue
        array = parsing.plain(column.values)
        if not (parsing.is_text(array) or pa.types.is_temporal(array.type)) or field.kind_of(column.take(rows)) != "date":
            continue
        try:
            when = moments(column.take(rows), field.options.date_order)
        except DataError:
            continue  # a date is missing: there is no order to divide by
        if len(np.unique(when)) < FEWEST_DAYS:
            continue
        figures = [_figures(field, target, evidence, columns, rows, when) for target in evidence.targets.values()]
        yield Problem(
            code="F-DATA-DATED",
            severity="note",
            what=_("rows have a date ({name}) and are divided by chance, so figures do not hold for later days").format(
                name=column.name
            ),
            where=column.file or evidence.table.name,
            expected=_("the newest rows kept aside, where later days are to be answered"),
            got="; ".join(filter(None, figures)),
            fix=f"--set time={column.name}",
            count=len(column),
        )
        return


def _figures(
    field: Row, target: TargetField, evidence: Evidence, columns: list[Column], rows: np.ndarray, when: np.ndarray
) -> str:
    """What a linear model reaches divided by chance and by time; empty where the target is neither classes nor a number."""
    known = rows[target.usable([c.take(rows) for c in evidence.columns[target.name]])]
    cells = [c.take(known) for c in evidence.columns[target.name]]
    if len(known) < len(rows):
        return ""
    if target.discrete:
        answers_NK = np.eye(int(target.strata(cells).max()) + 1)[target.strata(cells)]
    else:
        numbers = target.learn(cells).numbers(cells) if isinstance(target, Scored) else None
        if numbers is None:
            return ""
        answers_NK = numbers[:, None]
    kept = [c.take(known) for c in columns]
    features_ND = field.learn(kept).plain_features(kept).astype(np.float64)
    count = max(1, round(_KEPT * len(known)))
    by_chance = generator(0, "divisions", "test").permutation(len(known))
    chance, time = (_score(features_ND, answers_NK, order[-count:]) for order in (by_chance, np.argsort(when, kind="stable")))
    name = _("accuracy") if target.discrete else "R²"
    return _("a linear model: {name} {chance} divided by chance, {time} divided by time").format(
        name=name, chance=f"{chance:.2f}", time=f"{time:.2f}"
    )


def _score(x_ND: np.ndarray, y_NK: np.ndarray, test: np.ndarray) -> float:
    """Accuracy, or R² of one number, of ridge regression on the rows that are not `test`."""
    train = np.setdiff1d(np.arange(len(x_ND)), test)
    mean, spread = x_ND[train].mean(0), x_ND[train].std(0)
    x = (x_ND - mean) / np.where(spread > 0, spread, 1.0)
    middle = y_NK[train].mean(0)
    weights = np.linalg.solve(
        x[train].T @ x[train] + _STRENGTH * len(train) * np.eye(x.shape[1]), x[train].T @ (y_NK[train] - middle)
    )
    answers = x[test] @ weights + middle
    if y_NK.shape[1] > 1:
        return float(((answers * y_NK[test]).sum(1) >= answers.max(1)).mean())  # its own class has the highest score
    spread = ((y_NK[test] - y_NK[test].mean()) ** 2).sum()
    return float(1 - ((answers - y_NK[test]) ** 2).sum() / spread) if spread else 0.0

"""A single column that tells the target almost perfectly: mostly the target in disguise, or something known only afterwards.

Each column alone predicts the target of examples that it was not fitted on: by the most frequent target of each value, or, for
numbers, by the ranges that they fall into. K classes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from fukami.core.errors import quoted
from fukami.core.language import _
from fukami.core.percent import percent
from fukami.core.problems import Problem
from fukami.core.seeds import generator
from fukami.core.tables import Column, Windows
from fukami.data.evidence import Evidence
from fukami.fields import parsing
from fukami.fields.contract import InputField, TargetField
from fukami.fields.row.columns.quantities import quantities
from fukami.fields.row.columns.recognise import Asked
from fukami.fields.row.field import Row
from fukami.fields.row.names import are_codes, named_things, repeated
from fukami.fields.scored import Scored

FEWEST = 40
"""With fewer examples a column may fit by chance."""
ERRORS_LEFT = 0.02
"""A column that leaves less than this share of the errors of guessing is suspicious."""
MOST_RANGES = 256
MOST_COLUMNS = 500
MOST_ROWS = 5000


class Signal(NamedTuple):
    """A column as numbers: quantities in order, or codes of values where `is_code`."""

    name: str
    values: np.ndarray
    is_code: bool


def check(evidence: Evidence) -> Iterator[Problem]:
    """Every column of inputs that are rows of tables."""
    rows = generator(0, "leakage").permutation(evidence.sample)[:MOST_ROWS]
    tables = [
        (field, evidence.columns[name])
        for name, field in evidence.inputs.items()
        if field.takes_rows and not isinstance(evidence.columns[name][0].values, Windows)
    ]
    if evidence.split is None or len(rows) < FEWEST or not tables:
        return
    for name, field in evidence.targets.items():
        if name in evidence.task.same or name not in evidence.columns:  # the input's own columns cannot give it away
            continue
        known = rows[field.usable([column.take(rows) for column in evidence.columns[name]])]  # some may lack it
        target = _target(field, [column.take(known) for column in evidence.columns[name]])
        if len(known) < FEWEST or target is None:
            continue
        for reader, column in [(reader, column) for reader, columns in tables for column in columns][:MOST_COLUMNS]:
            for signal in _signals(reader, column.take(known)):
                left = unexplained(signal, target, is_class=field.discrete)
                if left < ERRORS_LEFT:
                    yield _told(evidence, signal.name, column, left)


def _target(field: TargetField, columns: list[Column]) -> np.ndarray | None:
    """Numbers of the classes (or sets of labels), or values in the target's unit; None where an answer is no single value."""
    if field.discrete:
        return np.unique(field.fingerprint(columns), return_inverse=True)[1]
    return field.learn(columns).numbers(columns) if isinstance(field, Scored) else None


def _signals(reader: InputField, column: Column) -> Iterator[Signal]:
    """A column's values, as the field reads them."""
    if column.is_array and column.values.ndim > 1:
        flat = column.values.reshape(len(column), -1)
        for k in range(min(flat.shape[1], MOST_COLUMNS)):
            yield Signal(f"{column.name}[{k}]", np.nan_to_num(flat[:, k].astype(np.float64)), False)
        return
    array = parsing.plain(column.values)
    if not parsing.is_scalar(array):
        return
    numbers = quantities(column, reader.asked(column.name) if isinstance(reader, Row) else Asked())
    if numbers is not None and np.isfinite(numbers).any():
        present = np.isfinite(numbers)
        # "missing" may itself be the leak, so it gets a place below all numbers
        yield Signal(column.name, np.where(present, numbers, numbers[present].min() - 1), False)
        return
    words = parsing.strings(array).fill_null("").to_numpy(zero_copy_only=False).astype(str)
    yield Signal(column.name, np.unique(words, return_inverse=True)[1].astype(np.float64), True)


def unexplained(signal: Signal, target: np.ndarray, *, is_class: bool) -> float:
    """Share of the errors (classes) or of the variance (numbers) of guessing that the column leaves, on unseen examples.

    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(0, 3, 300)
    >>> unexplained(Signal("copy", y * 2.0 + 1, False), y, is_class=True)
    0.0
    >>> unexplained(Signal("noise", rng.random(300), False), y, is_class=True) > 0.5
    True
    """
    test = generator(0, "leakage", "test").random(len(target)) < 0.5  # at random: rows may come in turns
    train, values = ~test, np.clip(signal.values, -1e30, 1e30)
    if is_class:
        guess = int(np.bincount(target[train]).argmax())
        guessing = (target[test] != guess).sum()
        codes = signal.values.astype(np.int64) if signal.is_code else _ranges(values, train)
        answers = _by_value(codes, target, train, test, guess)
        # with a handful of errors to be made, making none proves nothing
        return float((answers != target[test]).sum() / guessing) if guessing >= 10 else 1.0
    guessing = ((target[test] - target[train].mean()) ** 2).sum()
    if signal.is_code or not guessing:
        return 1.0
    by_range = ((target[test] - _by_range(values, target, train, test)) ** 2).sum()
    slope, offset = _line(signal.values[train], target[train])
    by_line = ((target[test] - slope * signal.values[test] - offset) ** 2).sum()
    return float(min(by_range, by_line) / guessing * 10)  # 0.2 % of the variance: numbers are never repeated exactly


def _by_value(codes: np.ndarray, target: np.ndarray, train: np.ndarray, test: np.ndarray, guess: int) -> np.ndarray:
    counts_VK = np.zeros((codes.max() + 1, target.max() + 1))
    np.add.at(counts_VK, (codes[train], target[train]), 1)
    best = np.where(counts_VK.sum(1) > 0, counts_VK.argmax(1), guess)
    return best[codes[test]]


def _ranges(values: np.ndarray, train: np.ndarray) -> np.ndarray:
    """Of each value the number of the range that it falls into: `MOST_RANGES` or fewer, with as many values each as may be."""
    known = np.unique(values[train])
    middles = (known[1:] + known[:-1]) / 2
    if len(middles) >= MOST_RANGES:
        middles = np.unique(np.quantile(values[train], np.linspace(0, 1, MOST_RANGES + 1)[1:-1]))
    return np.searchsorted(middles, values)


def _by_range(values: np.ndarray, target: np.ndarray, train: np.ndarray, test: np.ndarray) -> np.ndarray:
    """The mean target of each range, and between the middles of two ranges what lies between their means."""
    _, codes = np.unique(_ranges(values, train)[train], return_inverse=True)
    counts = np.bincount(codes)
    middles, means = (np.bincount(codes, weights=one[train]) / counts for one in (values, target))
    return np.interp(values[test], middles, means)


def _line(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    spread = x.var()
    slope = float(((x - x.mean()) * (y - y.mean())).mean() / spread) if spread and np.isfinite(spread) else 0.0
    return slope, float(y.mean() - slope * x.mean())


def _told(evidence: Evidence, name: str, column: Column, left: float) -> Problem:
    return Problem(
        code="F-DATA-LEAK",
        severity="warning",
        what=_("column {name} alone tells the target almost perfectly").format(name=name),
        where=column.file or evidence.table.name,
        expected=_("only what is known before the answer is"),
        got=_("{share} of the errors of guessing are left").format(share=percent(left)),
        fix=_("if it names what several rows are about, keep these together: --set group={name}").format(name=quoted(name))
        if named_things(column) or (repeated(column) and are_codes(column))
        else _("if it is known only afterwards, leave it out: --set ignore={name}").format(name=quoted(name)),
    )

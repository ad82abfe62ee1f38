"""Windows of recordings as cells: those that examples are made of, and those at the ends that a question is about.

T rows, N windows, C channels.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

from fukami.core.errors import DataError
from fukami.core.language import _
from fukami.core.tables import Column, Windows
from fukami.fields.cells import combined, hash_numbers
from fukami.fields.series.reading import Known, Recording, recording

_BASE = 0x9E3779B97F4A7C15
"""Odd, so that it has an inverse modulo 2^64."""


def windows(
    name: str, whole: Recording, starts: np.ndarray, length: int, *, like: Column | None = None, **around: int
) -> Column:
    """A column of the windows of `length` steps that begin at `starts`. A message names one by the row that it begins with, and
    by the file of `like`."""
    cells = Windows(whole, np.asarray(starts, np.int64), length, **around)
    rows = whole.row[cells.starts] if len(whole) else cells.starts
    if like is None:
        return Column(name, cells, rows=rows + 1)
    files = None if like.files is None else like.files[rows]
    numbers = rows + 1 if like.rows is None else like.rows[rows]
    return Column(name, cells, file=like.file, rows=numbers, files=files)


def given(value: Any, channels: Sequence[str]) -> list[Column]:
    """The columns of a history as people give it: names to lists, a list of rows, numbers of one channel or several."""
    if isinstance(value, Mapping):
        return [Column(str(name), pa.array(list(cells))) for name, cells in value.items() if not isinstance(cells, str)]
    if isinstance(value, Sequence) and value and isinstance(value[0], Mapping):
        names = dict.fromkeys(name for row in value for name in row)
        return [Column(str(name), pa.array([row.get(name) for row in value])) for name in names]
    try:
        array: np.ndarray = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        array = np.empty(0)
    array = array[:, None] if array.ndim == 1 and len(array) else array
    if array.ndim != 2 or array.shape[1] != len(channels):
        raise DataError(
            "F-SERIES-GIVEN",
            _("this is no history that the run can go on from"),
            expected=_("a table, or names and numbers: {example}").format(example=f'{{"{channels[0]}": [1.5, 2.5, …]}}'),
            got=f"{array.shape}" if array.size else str(value)[:60],
        )
    return [Column(name, array[:, index]) for index, name in enumerate(channels)]


def ends(name: str, tables: Sequence[Sequence[Column]], known: Known, length: int) -> Column:
    """The last `length` steps of each of several histories as one column. Raises `DataError` for one that is too short."""
    made = [recording(columns, known) for columns in tables]
    starts, offset = [], 0
    for one, columns in zip(made, tables, strict=True):
        if len(one.stretches()) > 1:
            raise DataError(
                "F-SERIES-SEVERAL", _("one history holds several series"), expected=_("one"), got=str(len(one.labels))
            )
        starts.append(offset + require_length(one, 0, len(one), length, columns[0]))
        offset += len(one)
    return windows(name, _joined(made), np.array(starts), length)


def require_length(one: Recording, begin: int, end: int, length: int, place: Column) -> int:
    """Where the last `length` steps before `end` begin. Raises `DataError` where a series that begins at `begin` has fewer."""
    if end - begin >= length:
        return end - length
    raise DataError(
        "F-SERIES-SHORT",
        _("the history is too short to go on from"),
        where=" ".join(filter(None, (place.file, one.labels[one.series[begin]] if end > begin else ""))),
        expected=_("{n} steps or more").format(n=length),
        got=str(end - begin),
        fix=_("give more of the past, or train with a shorter context: --set context={n}").format(n=max(1, end - begin)),
    )


def _joined(parts: Sequence[Recording]) -> Recording:
    """Several recordings of the same channels, one after the other."""
    first = parts[0]
    if len(parts) == 1:
        return first
    return replace(
        first,
        values=np.concatenate([part.values for part in parts]),
        when=np.concatenate([part.when for part in parts]),
        series=np.concatenate([np.full(len(part), number) for number, part in enumerate(parts)]),
        row=np.concatenate([part.row for part in parts]),
        labels=("",) * len(parts),
    )


def prints(values_TC: np.ndarray, when_T: np.ndarray, starts_N: np.ndarray, length: int) -> np.ndarray:
    """uint64 (N), equal for windows of equal values at equal times, in time that grows with T rather than with what all windows
    hold. Times count because a series that comes back to where it was is no copy of itself.

    A window's print is a polynomial of its rows' hashes, read from running sums (Karp and Rabin 1987), modulo 2^64.

    >>> values, when = np.array([[1.0], [2.0], [1.0], [2.0], [1.0]]), np.array([0.0, 1.0, 0.0, 1.0, 2.0])
    >>> found = prints(values, when, np.array([0, 2, 3]), 2)
    >>> bool(found[0] == found[1]), bool(found[0] == found[2])
    (True, False)
    """
    rows_T = combined([hash_numbers(column) for column in (when_T, *values_TC.T)])
    with np.errstate(over="ignore"):
        power_T, inverse_T = (powers(base, len(rows_T)) for base in (_BASE, pow(_BASE, -1, 1 << 64)))
        sums_T = np.append(np.uint64(0), np.cumsum(rows_T * power_T[:-1], dtype=np.uint64))
        sums_N = (sums_T[starts_N + length] - sums_T[starts_N]) * inverse_T[starts_N]
    return combined([sums_N, np.full(len(starts_N), length, np.uint64)])


def powers(base: int, count: int) -> np.ndarray:
    """uint64: the powers of `base` from 0 to `count`, modulo 2^64."""
    return np.cumprod(np.append(np.uint64(1), np.full(count, base, np.uint64)), dtype=np.uint64)

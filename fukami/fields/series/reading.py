"""Columns of a table → a recording: channels of numbers in the order of time, series after series, without gaps.

Found out, unless it is said: which column holds the time and which names the series where a table holds several; how far a step
leads. What had to be mended (rows put in order, gaps and missing cells filled with the value before them) is told; what cannot
be mended without guessing is refused with its place. T rows, C channels.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from fukami.core.errors import DataError, UsageError, nearest, quoted
from fukami.core.language import _, _n
from fukami.core.problems import Problem
from fukami.core.tables import Column
from fukami.fields import cells
from fukami.fields.parsing import Parsed
from fukami.fields.reading.column import moments, numbers, numbers_for_sure
from fukami.fields.series.clock import Clock
from fukami.fields.series.mending import Mending, twice, unordered

TIMES = frozenset(
    (
        *("date", "time", "datetime", "timestamp", "ds", "day", "month", "year", "week", "hour", "period"),
        *("日付", "日時", "時刻", "年月", "年月日"),
    )
)  # fmt: skip
"""What people call the column of times."""
NAMES = frozenset(
    ("series", "id", "unique_id", "item", "item_id", "store", "sensor", "ticker", "symbol", "name", "系列", "店舗")
)
"""What people call the column that names the series."""
LARGEST = 1e30


@dataclass(frozen=True)
class Recording:
    """`values_TC` float64, NaN where a series has no value at all in a channel; `when_T` ascending within each series.

    `series_T` numbers the series, whose names are `labels`; `row_T` says which row of the table each comes from (that before
    it, where it was filled in).
    """

    values: np.ndarray
    when: np.ndarray
    series: np.ndarray
    row: np.ndarray
    channels: tuple[str, ...]
    labels: tuple[str, ...]
    clock: Clock
    told: tuple[Problem, ...] = ()
    series_name: str = ""
    form: str = ""
    """How a table held whole series of which each is an example (`stretches`); empty where examples are cut from them."""
    read_from: tuple[str, ...] = ()
    """The columns that it was read from, where they are not called as channels are."""

    def __len__(self) -> int:
        return len(self.values)

    @classmethod
    def plain(cls, values_TC: np.ndarray, channels: tuple[str, ...]) -> "Recording":
        """One series of rows that are only counted."""
        count = np.arange(len(values_TC))
        return cls(values_TC, count.astype(np.float64), np.zeros_like(count), count, channels, ("",), Clock())

    def stretches(self) -> list[tuple[int, int]]:
        """Where each series begins and ends."""
        edges = np.flatnonzero(np.diff(self.series)) + 1
        return list(zip([0, *edges.tolist()], [*edges.tolist(), len(self)], strict=True)) if len(self) else []


class Known(NamedTuple):
    """What is said or known of the columns already: their names, and the channels in their order."""

    time: str = ""
    series: str = ""
    channels: tuple[str, ...] = ()
    clock: Clock | None = None


NOTHING = Known()


def recording(columns: Sequence[Column], known: Known = NOTHING, *, beside: Sequence[Column] = ()) -> Recording:
    """What the columns of one table record. `beside` are further columns, among which times and names may be.

    Raises:
        DataError: no numbers, no order, a step that is not there. UsageError: a column that is not there.
    """
    told: list[Problem] = []
    named = {column.name: column for column in (*columns, *beside)}
    time = _said(known.time, named, "time") or _times(columns, beside)
    when, kind = _moments(time) if time is not None else (np.arange(len(columns[0]), dtype=np.float64), "order")
    rest = [column for column in columns if time is None or column.name != time.name]
    naming = _said(known.series, named, "series")
    channels, values, words = _channels([c for c in rest if naming is None or c.name != naming.name], known, told)
    if naming is None and not known.channels:
        naming = _naming(words, when, kind)
    if naming is not None and not known.series:
        told.append(_taken(naming))
    told += [_left_out(column) for column in words if naming is None or column.name != naming.name]
    codes, labels = _named(naming, len(when))
    order = np.lexsort((np.arange(len(when)), when, codes))
    told += unordered(order, codes, time)
    made = Mending(values[order], when[order], codes[order], order, channels, time, told)
    made.once()
    clock = known.clock if known.clock is not None and known.clock.kind == kind else made.clock(kind)
    made.on_grid(clock)
    made.filled(columns)
    return Recording(
        *(made.values, made.when, made.codes, made.row, channels, labels, clock, tuple(told)),
        series_name=naming.name if naming is not None else "",
    )


# -- which column is what ------------------------------------------------------------------------------------------------
def _said(name: str, named: dict[str, Column], option: str) -> Column | None:
    if not name:
        return None
    found = named.get(name) or next((c for n, c in named.items() if n.strip().lower() == name.strip().lower()), None)
    if found is None and option == "series":
        close = nearest(name, named)
        raise UsageError(
            "F-COLUMN-NAME",
            _("there is no column called {name}").format(name=name),
            expected=_("one of {names}").format(names=", ".join(named)),
            got=name,
            fix=f"--set {option}={quoted(close[0])}" if close else "",
        )
    return found


def _times(columns: Sequence[Column], beside: Sequence[Column]) -> Column | None:
    """The column of times: one that is called so, or else the first whose cells are dates."""
    for column in (*columns, *beside):
        if column.name.strip().lower() in TIMES and _readable(column, numbers_too=True):
            return column
    return next((column for column in (*columns, *beside) if _readable(column, numbers_too=False)), None)


def _readable(column: Column, *, numbers_too: bool) -> bool:
    array = cells.arrow(cells.sample(column, 500))
    if not cells.is_number(array) or not numbers_too:
        found = moments(array)
        if len(array) and np.isnat(found.values).mean() < 0.5 and not cells.is_number(array):
            return numbers_too or bool(np.isnan(numbers(array).values).mean() > 0.5)
    return numbers_too and bool(np.isnan(numbers(array).values).mean() < 0.5)


def _moments(column: Column) -> tuple[np.ndarray, str]:
    """float64 (T), and what they are. Raises `DataError` for a cell that is no moment: its row has no place in the order."""
    array = cells.arrow(column)
    as_dates, as_numbers = moments(array), numbers_for_sure(array)
    kind = "date" if np.isnat(as_dates.values).sum() <= np.isnan(as_numbers.values).sum() else "number"
    bad = np.isnat(as_dates.values) if kind == "date" else ~np.isfinite(as_numbers.values)
    if bad.any():
        rows = np.flatnonzero(bad)
        raise DataError(
            "F-SERIES-TIME",
            _n(
                "{n} row has no time that can be read, so it has no place in the order",
                "{n} rows have no time that can be read, so they have no place in the order",
                len(rows),
            ),
            where=cells.places(column, rows),
            expected=_("a date such as 2024-03-31, or a number"),
            got=", ".join(repr(text[:40]) for text in cells.strings(column.take(rows[:3]))),
            fix=_("fill in or delete these rows"),
        )
    if kind == "number":
        return as_numbers.values, kind
    return as_dates.values.astype("datetime64[us]").astype(np.int64).astype(np.float64), kind


def _channels(columns: Sequence[Column], known: Known, told: list[Problem]) -> tuple[tuple[str, ...], np.ndarray, list[Column]]:
    """Names and `values_TC` of the columns that hold numbers, and the others. Known channels all have to be there."""
    total, words, found = len(columns[0]) if columns else 0, [], {}
    given = {column.name.strip().lower(): column for column in columns}
    if known.channels:
        missing = [name for name in known.channels if name.strip().lower() not in given]
        if missing:
            raise DataError(
                "F-SERIES-CHANNEL",
                _("a column that the run learned from is missing: {name}").format(name=missing[0]),
                where=columns[0].file if columns else "",
                expected=", ".join(known.channels),
                got=", ".join(column.name for column in columns),
            )
        columns = [given[name.strip().lower()] for name in known.channels]
    for column in columns:
        parsed = _numbers(column)
        unread = np.isnan(parsed.values)
        if not known.channels and (parsed.bad.mean() > 0.5 if len(column) else True):
            words.append(column)
        elif not known.channels and unread.all():
            told.append(_empty(column))
        else:
            told += _unreadable(column, parsed.bad)
            found[column.name] = parsed.values
    if not found:
        raise DataError(
            "F-SERIES-NOTHING",
            _("no column holds numbers that follow each other"),
            where=columns[0].file if columns else "",
            expected=_("a column of times and a column for each thing that is measured"),
            got=", ".join(column.name for column in columns),
        )
    names = known.channels or tuple(found)
    return names, np.stack(list(found.values()), 1).reshape(total, len(names)), words


def _numbers(column: Column) -> Parsed:
    """Numbers of a column; what is too large for arithmetic counts as unreadable."""
    array = cells.arrow(column)
    values, bad = numbers(array)
    with np.errstate(invalid="ignore"):
        bad = bad | np.isinf(values) | (np.abs(values) > LARGEST)
    return Parsed(np.where(bad, np.nan, values), bad)


def _naming(words: Sequence[Column], when: np.ndarray, kind: str) -> Column | None:
    """The column that names the series, where moments repeat: with it, none does."""
    if kind != "order" and len(np.unique(when)) == len(when):
        return None
    likely = [c for c in words if c.name.strip().lower() in NAMES] or list(words)
    for column in likely:
        codes, _labels = _named(column, len(when))
        if 1 < codes.max(initial=0) + 1 < len(when) / 2 and (kind == "order" or not twice(codes, when).any()):
            return column
    return None


def _named(column: Column | None, total: int) -> tuple[np.ndarray, tuple[str, ...]]:
    """The number of each row's series, in the order of first appearance, and their names."""
    if column is None:
        return np.zeros(total, np.int64), ("",)
    codes, values = cells.numbered(column)
    labels = [*map(str, values), *([""] if (codes < 0).any() else [])]
    return np.where(codes < 0, len(labels) - 1, codes), tuple(labels)


# -- what is told --------------------------------------------------------------------------------------------------------
def _taken(column: Column) -> Problem:
    return Problem(
        code="F-SERIES-NAMED",
        severity="note",
        what=_("times repeat, so the column {name} was taken for the names of several series").format(name=column.name),
        where=cells.place(column),
        fix=f"--set series={quoted(column.name)}",
    )


def _left_out(column: Column) -> Problem:
    return Problem(
        code="F-SERIES-TEXT",
        severity="warning",
        what=_("the column {name} holds no numbers and was left out").format(name=column.name),
        where=cells.place(column),
        got=", ".join(repr(text[:40]) for text in cells.strings(cells.sample(column, 3))),
        fix=f"--set ignore={quoted(column.name)}",
    )


def _empty(column: Column) -> Problem:
    return Problem(
        code="F-SERIES-EMPTY",
        severity="warning",
        what=_("the column {name} is empty and was left out").format(name=column.name),
        where=cells.place(column),
        fix=f"--set ignore={quoted(column.name)}",
    )


def _unreadable(column: Column, bad: np.ndarray) -> list[Problem]:
    rows = np.flatnonzero(bad)
    if not len(rows):
        return []
    return [
        Problem(
            code="F-SERIES-UNREADABLE",
            severity="warning",
            what=_n("{n} cell is no number and counts as missing", "{n} cells are no numbers and count as missing", len(rows)),
            where=cells.places(column, rows),
            expected=_("a number such as 1234.5"),
            got=", ".join(repr(text[:40]) for text in cells.strings(column.take(rows[:3]))),
            fix=_("correct these cells"),
            count=len(rows),
        )
    ]

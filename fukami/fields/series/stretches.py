"""Whole series as examples, each answered by itself: as lists in cells, as a row of steps, or as rows that belong together.

A recording of all of them is made, of which each example is a window. Series of other lengths than most are stretched or
squeezed to one length, between whose steps lines are drawn; how many is told. N examples, L steps, C channels, T steps of all.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from pyarrow import compute

from fukami.core.errors import DataError
from fukami.core.language import _, _n
from fukami.core.problems import Problem
from fukami.core.tables import Column
from fukami.fields import cells
from fukami.fields.reading.column import numbers
from fukami.fields.series.clock import Clock
from fukami.fields.series.cutting import windows
from fukami.fields.series.reading import LARGEST, NAMES, TIMES, Known, Recording, recording

LISTS, ROW, ROWS = "lists", "row", "rows"
"""Each cell a list of steps (a column for each channel); each row the steps of one series; a row for each step."""
VALUE = "value"
"""What the only channel is called where each row holds a series."""
_LEAST_STEPS = 4
_LISTED = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)
_SHOWN = 3


class Stretches(NamedTuple):
    """`whole` holds series i from `starts[i]` on; `rows` are those of the table that they begin with. `steps` is what the rows
    record, where each is a step."""

    whole: Recording
    starts: np.ndarray
    rows: np.ndarray
    length: int
    steps: Recording | None = None


def form_of(columns: Sequence[Column], known: Known, beside: Sequence[Column]) -> str:
    """How a table holds series: by its cells; else by columns that name series or times; else each row is one.

    >>> form_of([Column("x", pa.array([[1.0, 2.0], [3.0]]))], Known(), ())
    'lists'
    >>> form_of([Column(f"t{step}", np.zeros(2)) for step in range(9)], Known(), ())
    'row'
    """
    if any(map(is_listed, columns)):
        return LISTS
    if known.series or known.time or known.clock is not None:
        return ROWS
    called = [(column.name.strip().lower(), column) for column in (*columns, *beside)]
    named = any(name in TIMES or (name in NAMES and _repeats(column)) for name, column in called)
    return ROWS if named or sum(map(_is_numeric, columns)) < _LEAST_STEPS else ROW


def is_listed(column: Column) -> bool:
    """Whether a cell holds several numbers: of an array (N, L) or (N, L, C), or lists of a table."""
    if column.is_array:
        return column.values.ndim in (2, 3)
    kind = getattr(column.values, "type", None)
    return kind is not None and any(is_one(kind) for is_one in _LISTED)


def stretches(
    columns: Sequence[Column], known: Known, *, length: int = 0, steps: Sequence[str] = (), beside: Sequence[Column] = ()
) -> Stretches:
    """What the columns of one table hold.

    Args:
        known: what is said or was learned of the columns.
        length: to how many steps each series is brought; 0 for the length of the longest.
        steps: the columns of steps that a run has learned, where each row is a series.
        beside: further columns, among which times and names may be.

    Raises:
        DataError: lists of unequal length in one row, columns that are missing, nothing that could be a series.
    """
    form = ROW if steps else form_of(columns, known, beside)
    if form == LISTS:
        values, counts, channels, told = _of_lists(columns, known)
        read_from: tuple[str, ...] = ()
    elif form == ROW:
        values, counts, read_from, told = _of_rows(columns, steps)
        channels = (VALUE,)
    else:
        return _together(columns, known, length, beside)
    whole, length = even(values, counts, length, place=columns[0])
    total = len(counts)
    found = Recording(
        *(whole.values, np.tile(np.arange(length, dtype=np.float64), total), np.repeat(np.arange(total), length)),
        *(np.repeat(np.arange(total), length), channels, ("",) * total, Clock()),
        told=(*told, *whole.told),
        form=form,
        read_from=read_from,
    )
    return Stretches(found, np.arange(total) * length, np.arange(total), length)


class Even(NamedTuple):
    """`values_TC` of series of one length, and what is said of those that had another."""

    values: np.ndarray
    told: list[Problem]


def even(values_TC: np.ndarray, counts: np.ndarray, length: int, *, place: Column) -> tuple[Even, int]:
    """Series of `counts` steps, one after the other, brought to `length` steps each (0: to that of the longest). Missing steps
    lie on the line between their neighbours; a channel without any value stays unknown.

    >>> even(np.array([[0.0], [2.0], [1.0], [np.nan], [3.0]]), np.array([2, 3]), 3, place=Column("x", np.zeros(2)))[0].values.T
    array([[0., 1., 2., 1., 2., 3.]])
    """
    total, channels = len(counts), values_TC.shape[1]
    length = length or int(counts.max(initial=0))
    if not total or not length or counts.min() == 0:
        empty = np.flatnonzero(counts == 0)
        where = cells.places(place, empty) if len(empty) else place.file
        raise DataError("F-STRETCHES-EMPTY", _("a series holds no step"), where=where, expected=_("at least one number"))
    ends = np.cumsum(counts)
    holes_T = np.isnan(values_TC).any(1)
    holey = np.add.reduceat(holes_T, ends - counts) > 0
    other = counts != length
    told = _told(place, holey, other, length)
    if not other.any():
        out_NLC = values_TC.reshape(total, length, channels).copy()
    else:
        out_NLC = np.full((total, length, channels), np.nan)
        same = np.flatnonzero(~other)
        out_NLC[same] = values_TC[((ends - counts)[same][:, None] + np.arange(length))]
    for row in np.flatnonzero(holey | other).tolist():
        given = values_TC[ends[row] - counts[row] : ends[row]]
        at = np.linspace(0, counts[row] - 1, length)
        for channel in range(channels):
            known = np.flatnonzero(~np.isnan(given[:, channel]))
            if len(known):
                out_NLC[row, :, channel] = np.interp(at, known, given[known, channel])
    return Even(out_NLC.reshape(total * length, channels), told), length


def wholes(name: str, tables: Sequence[Sequence[Column]], known: Known, length: int) -> Column:
    """Several series that people give, each a table of steps, as one column of windows of `length` steps."""
    made = [recording(columns, known._replace(series="")) for columns in tables]
    counts = np.array([len(one) for one in made])
    same, length = even(np.concatenate([one.values for one in made]), counts, length, place=tables[0][0])
    whole = Recording.plain(same.values, made[0].channels)
    return windows(name, replace(whole, series=np.repeat(np.arange(len(made)), length)), np.arange(len(made)) * length, length)


# -- the three forms -----------------------------------------------------------------------------------------------------
def _of_lists(columns: Sequence[Column], known: Known) -> tuple[np.ndarray, np.ndarray, tuple[str, ...], list[Problem]]:
    """Values of all lists, how many each row has, the channels, and what was left out."""
    columns = [one for column in columns for one in _channels_of(column)]
    given = {column.name.strip().lower(): column for column in columns}
    lacking = [name for name in known.channels if name.strip().lower() not in given]
    if lacking:
        raise DataError(
            "F-SERIES-CHANNEL",
            _("a column that the run learned from is missing: {name}").format(name=lacking[0]),
            where=columns[0].file,
            expected=", ".join(known.channels),
            got=", ".join(column.name for column in columns),
        )
    chosen = [given[name.strip().lower()] for name in known.channels] or [column for column in columns if is_listed(column)]
    told = [] if known.channels else [_left_out(column) for column in columns if not is_listed(column)]
    counts: np.ndarray | None = None
    lines = []
    for column in chosen:
        array = cells.arrow(column)
        sizes = np.array(compute.fill_null(compute.list_value_length(array), 0), np.int64)  # pyright: ignore
        if counts is not None and (sizes != counts).any():
            rows = np.flatnonzero(sizes != counts)
            raise DataError(
                "F-STRETCHES-CHANNELS",
                _("the channels of one series are of different lengths"),
                where=cells.places(column, rows),
                expected=str(int(counts[rows[0]])),
                got=str(int(sizes[rows[0]])),
            )
        counts = sizes
        flat, bad = numbers(compute.list_flatten(array))  # pyright: ignore
        lines.append(_readable(column, flat, bad, told))
    assert counts is not None
    return np.stack(lines, 1), counts, tuple(column.name for column in chosen), told


def _channels_of(column: Column) -> list[Column]:
    """The channels of an array (N, L, C) as columns of lists."""
    if not column.is_array or column.values.ndim < 2:
        return [column]
    values = column.values.reshape(*column.values.shape[:2], -1)
    length, channels = values.shape[1:]
    names = [column.name] if channels == 1 else [f"{column.name}{number + 1}" for number in range(channels)]
    lists = [pa.FixedSizeListArray.from_arrays(pa.array(values[:, :, at].ravel()), length) for at in range(channels)]
    return [replace(column, name=name, values=cells_of) for name, cells_of in zip(names, lists, strict=True)]


def _of_rows(columns: Sequence[Column], steps: Sequence[str]) -> tuple[np.ndarray, np.ndarray, tuple[str, ...], list[Problem]]:
    """Values row after row, how many steps each row has, the columns of steps, and how that was understood."""
    told: list[Problem] = []
    if steps:
        named = {column.name: column for column in columns}
        lacking = [name for name in steps if name not in named]
        if lacking:
            raise DataError(
                "F-SERIES-CHANNEL",
                _("a column that the run learned from is missing: {name}").format(name=lacking[0]),
                where=columns[0].file,
                expected=_n("{n} column", "{n} columns", len(steps)),
                got=_n("{n} column", "{n} columns", len(steps) - len(lacking)),
            )
        columns = [named[name] for name in steps]
    else:
        kept = [column for column in columns if _is_numeric(column) and column.name.strip().lower() not in NAMES]
        told += [_left_out(column) for column in columns if column not in kept]
        columns = kept
        told.append(
            Problem(
                code="F-STRETCHES-ROW",
                severity="note",
                what=_n(
                    "each row was read as one series, whose only step is a column",
                    "each row was read as one series, whose {n} steps are the columns in their order",
                    len(columns),
                ),
                where=columns[0].file,
                fix=_("where each row is a step of a longer series: {option}").format(option="--set series=COLUMN"),
            )
        )
    lines = []
    for column in columns:
        parsed = numbers(cells.arrow(column))
        lines.append(_readable(column, parsed.values, parsed.bad, told))
    values_NL = np.stack(lines, 1)
    # unequal series are filled up with empty cells at the end of their rows
    reach = values_NL.shape[1] - np.argmax(~np.isnan(values_NL[:, ::-1]), 1)
    reach = np.where(np.isnan(values_NL).all(1), values_NL.shape[1], reach)
    inside = np.arange(values_NL.shape[1]) < reach[:, None]
    return values_NL[inside][:, None], reach, tuple(column.name for column in columns), told


def _together(columns: Sequence[Column], known: Known, length: int, beside: Sequence[Column]) -> Stretches:
    """Rows that have the name of a series in common."""
    names = {column.name for column in (*columns, *beside)}
    if known.channels and known.series and known.series not in names:
        known = known._replace(series="")  # one series by itself needs no name
    if not known.series and not known.channels:
        like = [c for c in (*columns, *beside) if c.name.strip().lower() in NAMES and _repeats(c)]
        known = known._replace(series=like[0].name) if like else known
    whole = recording(columns, known, beside=beside)
    found = whole.stretches()
    counts = np.array([end - begin for begin, end in found])
    same, length = even(whole.values, counts, length, place=columns[0])
    total = len(found)
    made = replace(
        whole,
        values=same.values,
        when=np.tile(np.arange(length, dtype=np.float64), total),
        series=np.repeat(np.arange(total), length),
        row=np.repeat(np.array([whole.row[begin] for begin, _end in found]), length),
        told=(*whole.told, *same.told),
        form=ROWS,
    )
    return Stretches(made, np.arange(total) * length, made.row[np.arange(total) * length], length, whole)


def _repeats(column: Column) -> bool:
    codes, _values = cells.numbered(column)
    return len(np.unique(codes)) < len(codes)


def _is_numeric(column: Column) -> bool:
    """Whether most cells are numbers, as far as the first ones tell."""
    parsed = numbers(cells.arrow(cells.sample(column, 200)))
    return bool(parsed.bad.mean() <= 0.5) if len(parsed.bad) else False


def _readable(column: Column, values: np.ndarray, bad: np.ndarray, told: list[Problem]) -> np.ndarray:
    """Numbers that arithmetic can take; the others are unknown, and told."""
    with np.errstate(invalid="ignore"):
        bad = bad | np.isinf(values) | (np.abs(values) > LARGEST)
    if bad.any():
        count = int(bad.sum())
        told.append(
            Problem(
                code="F-SERIES-UNREADABLE",
                severity="warning",
                what=_n("{n} cell is no number and counts as missing", "{n} cells are no numbers and count as missing", count),
                where=cells.place(column),
                expected=_("a number such as 1234.5"),
                fix=_("correct these cells"),
                count=count,
            )
        )
    return np.where(bad, np.nan, values)


def _told(place: Column, holey: np.ndarray, other: np.ndarray, length: int) -> list[Problem]:
    """What is said of series with missing steps, and of those of another length."""
    told = []
    if holey.any():
        count = int(holey.sum())
        told.append(
            Problem(
                code="F-STRETCHES-MISSING",
                severity="warning",
                what=_n(
                    "{n} series lacks steps, which were put on the line between their neighbours",
                    "{n} series lack steps, which were put on the line between their neighbours",
                    count,
                ),
                where=place.file,
                fix=_("fill in the values, if they are known"),
                count=count,
            )
        )
    if other.any():
        count = int(other.sum())
        told.append(
            Problem(
                code="F-STRETCHES-LENGTH",
                severity="warning",
                what=_n(
                    "{n} series is of another length and was stretched or squeezed to {length} steps",
                    "{n} series are of other lengths and were stretched or squeezed to {length} steps",
                    count,
                    length=length,
                ),
                where=place.file,
                fix=_("where speed matters, cut windows of one length instead: --set context=STEPS"),
                count=count,
            )
        )
    return told


def _left_out(column: Column) -> Problem:
    return Problem(
        code="F-SERIES-TEXT",
        severity="warning",
        what=_("the column {name} holds no steps and was left out").format(name=column.name),
        where=cells.place(column),
        fix=f"--set ignore={column.name}",
    )

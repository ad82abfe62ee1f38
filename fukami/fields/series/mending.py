"""Rows of a recording on their way to a regular grid: once for each moment, a row for each step, no value missing.

What is mended is told; what cannot be mended without guessing is refused with its place. T rows.
"""

from collections.abc import Sequence

import numpy as np

from fukami.core.errors import DataError, quoted
from fukami.core.language import _, _n
from fukami.core.problems import Problem
from fukami.core.tables import Column
from fukami.fields import cells
from fukami.fields.series import clock as clocks
from fukami.fields.series.clock import Clock

MOST_TWICE, MOST_ODD, MOST_FILLED = 0.05, 0.02, 0.5
"""Shares of rows from which on repeated moments, moments beside the grid, and gaps are no slips but another kind of data."""


class Mending:
    """Rows in the order of series and time on their way to a regular grid; `row` are their places in the table."""

    def __init__(self, values, when, codes, row, channels: tuple[str, ...], time: Column | None, told: list[Problem]):
        self.values, self.when, self.codes, self.row = values, when, codes, row
        self.channels, self.time, self.told = channels, time, told

    def _keep(self, rows: np.ndarray) -> None:
        self.values, self.when, self.codes, self.row = (x[rows] for x in (self.values, self.when, self.codes, self.row))

    @property
    def new(self) -> np.ndarray:
        """Where a series begins (bool, T)."""
        return np.append(True, np.diff(self.codes) != 0)[: len(self.codes)]

    def clock(self, kind: str) -> Clock:
        return clocks.found(kind, self.time.name if self.time is not None else "", self.when, self.new)

    def once(self) -> None:
        """Of rows with the same moment the last counts; many of them are several series in one table."""
        again = twice(self.codes, self.when)
        if self.time is None or not again.any():
            return
        places, count = cells.places(self.time, self.row[again]), int(again.sum())
        if count > MOST_TWICE * len(self.when):
            raise DataError(
                "F-SERIES-SEVERAL",
                _n("{n} row has the same time as another", "{n} rows have the same time as another", count),
                where=places,
                expected=_("every time once in each series"),
                fix=_("name the column that tells the series apart: --set series=COLUMN"),
            )
        self.told.append(
            Problem(
                code="F-SERIES-TWICE",
                severity="warning",
                what=_n(
                    "{n} row has the same time as another; the last one counts",
                    "{n} rows have the same time as another; the last one counts",
                    count,
                ),
                where=places,
                fix=_("remove the rows that are wrong"),
                count=count,
            )
        )
        self._keep(np.flatnonzero(np.append(~again[1:], True)))

    def on_grid(self, clock: Clock) -> None:
        """A row for each step: missing ones are put in, empty. Moments beside the grid are refused."""
        if clock.kind == "order" or len(self.when) < 2:
            return
        inner = ~self.new[1:]
        apart = np.diff(clock.index(self.when))
        steps = np.where(inner, np.maximum(np.round(apart), 1), 1).astype(np.int64)
        odd = inner & (np.abs(apart - np.round(apart)) > 0.25)
        odd |= inner & (np.round(apart) < 1)
        if odd.sum() > MOST_ODD * len(odd):
            at = np.flatnonzero(odd)[:3] + 1
            assert self.time is not None
            raise DataError(
                "F-SERIES-UNEVEN",
                _("the times are not evenly spaced, so no step leads from one to the next"),
                where=cells.places(self.time, self.row[at]),
                expected=_("a step of {step}").format(step=clock.words),
                got=", ".join(map(str, clock.told(self.when[at[0] - 1 : at[0] + 1]))),
                fix=_(
                    "bring the rows to even steps (means of each hour or day), or leave the column of times out: {option}"
                ).format(option=f"--set ignore={quoted(self.time.name)}"),
            )
        added = int((steps - 1).sum())
        if not added:
            return
        assert self.time is not None
        gaps = np.flatnonzero(steps > 1)
        if added > MOST_FILLED * len(self.when):
            raise DataError(
                "F-SERIES-GAPS",
                _("more steps are missing than could be filled in"),
                where=cells.places(self.time, self.row[gaps + 1]),
                expected=_("a row for each step of {step}").format(step=clock.words),
                got=_n("{n} step without a row", "{n} steps without a row", added),
                fix=_("bring the rows to longer steps, or leave the column of times out: {option}").format(
                    option=f"--set ignore={quoted(self.time.name)}"
                ),
            )
        self.told.append(
            Problem(
                code="F-SERIES-GAPS",
                severity="warning",
                what=_n(
                    "{n} step has no row and was filled with the values before it",
                    "{n} steps have no row and were filled with the values before them",
                    added,
                ),
                where=cells.places(self.time, self.row[gaps + 1]),
                expected=_("a row for each step of {step}").format(step=clock.words),
                count=added,
            )
        )
        times = np.append(steps, 1)
        place = np.repeat(np.arange(len(times)), times)
        within = np.arange(len(place)) - np.repeat(np.cumsum(times) - times, times)
        when = self.when[place]
        for at in gaps.tolist():
            first = int(np.cumsum(times)[at] - times[at])
            when[first + 1 : first + times[at]] = clock.after(self.when[at], int(times[at]) - 1)
        values = self.values[place]
        values[within > 0] = np.nan
        self.values, self.when, self.codes, self.row = values, when, self.codes[place], self.row[place]

    def filled(self, columns: Sequence[Column]) -> None:
        """Missing values take that before them, the first ones of a series that after them."""
        named = {column.name.strip().lower(): column for column in columns}
        own = np.append(True, np.diff(self.row) != 0)[: len(self.row)]  # rows of the table, not those that were put in
        begins = np.flatnonzero(self.new)
        for index, name in enumerate(self.channels):
            missing = np.isnan(self.values[:, index])
            if not missing.any():
                continue
            self.values[:, index] = _carried(self.values[:, index], begins)
            at, column = np.flatnonzero(missing & own), named.get(name.strip().lower())
            if len(at) and column is not None:
                self.told.append(
                    Problem(
                        code="F-SERIES-MISSING",
                        severity="warning" if len(at) > len(missing) / 100 else "note",
                        what=_n(
                            "{n} value is missing and was filled with the one before it",
                            "{n} values are missing and were filled with those before them",
                            len(at),
                        ),
                        where=cells.places(column, np.sort(self.row[at])),
                        fix=_("fill in the values, if they are known"),
                        count=len(at),
                    )
                )


def _carried(values_T: np.ndarray, begins: np.ndarray) -> np.ndarray:
    """Values with missing ones replaced by the last known of the same series, or the first where there is none before.

    >>> _carried(np.array([np.nan, 1, np.nan, np.nan, 5]), np.array([0, 3])).tolist()
    [1.0, 1.0, 1.0, 5.0, 5.0]
    """
    out = values_T.copy()
    for begin, end in zip(begins.tolist(), [*begins[1:].tolist(), len(values_T)], strict=True):
        part = out[begin:end]
        known = np.flatnonzero(~np.isnan(part))
        if len(known):
            part[:] = part[known[np.maximum(np.searchsorted(known, np.arange(len(part)), "right") - 1, 0)]]
    return out


def twice(codes: np.ndarray, when: np.ndarray) -> np.ndarray:
    """Which rows, in the order of series and time, have the moment of the row before."""
    order = np.lexsort((when, codes))
    return np.append(False, (np.diff(codes[order]) == 0) & (np.diff(when[order]) == 0))


def unordered(order: np.ndarray, codes: np.ndarray, time: Column | None) -> list[Problem]:
    """A note where rows of one series did not follow each other in time."""
    if time is None:
        return []
    same = codes[order][1:] == codes[order][:-1]
    late = np.flatnonzero(same & (np.diff(order) < 0))
    if not len(late):
        return []
    return [
        Problem(
            code="F-SERIES-ORDER",
            severity="note",
            what=_("the rows are not in the order of time; they were put in order"),
            where=cells.places(time, order[late + 1]),
            count=len(late),
        )
    ]

"""A column of times → numbers that order its cells, for splits by time."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from fukami.core.errors import DataError
from fukami.core.language import _, _n
from fukami.core.problems import Problem
from fukami.core.tables import Column
from fukami.fields import parsing
from fukami.fields.reading.column import learned, numbers_for_sure
from fukami.fields.reading.column import moments as read_moments
from fukami.fields.reading.doubts import doubtful_order
from fukami.tasks.contract import Task


def order_of(task: Task) -> str:
    """The order of day, month and year as an input of the task has it from the user; "" where none asks for it."""
    said = (getattr(getattr(field, "options", None), "date_order", "") for field in task.inputs.values())
    return next(filter(None, said), "")


def doubts(column: Column, order: str) -> Iterator[Problem]:
    """A time that may be read in more than one order; `order` is empty where no option could say which."""
    cells = parsing.plain(column.values)
    if parsing.is_text(cells):
        for told in doubtful_order(column, learned(cells, kinds=("date",), order=order or "auto").how):
            yield told if order else replace(told, fix=_("write the dates as year-month-day"))


def moments(column: Column, order: str = "") -> np.ndarray:
    """float64 (N), growing with time: dates as microseconds, numbers as they are. `order` is that of day, month and year.

    Raises `DataError` naming the first cell that is neither, or is missing: nothing says where such an example belongs.
    """
    cells = parsing.plain(column.values)
    how = learned(cells, kinds=("date",), order=order or "auto").how if parsing.is_text(cells) else {}
    as_dates = read_moments(cells, how or None)
    as_numbers = numbers_for_sure(cells)
    bad_dates, bad_numbers = np.isnat(as_dates.values), np.isnan(as_numbers.values)
    if bad_dates.sum() <= bad_numbers.sum():
        bad, values = bad_dates, as_dates.values.astype("datetime64[us]").astype(np.int64).astype(np.float64)
    else:
        bad, values = bad_numbers, as_numbers.values
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        cell = cells[row].as_py()
        raise DataError(
            "F-SPLIT-TIME",
            _n(
                "{n} example has no time that can be read, so it has no place in the order",
                "{n} examples have no time that can be read, so they have no place in the order",
                int(bad.sum()),
            ),
            where=column.where(row),
            expected=_("a date such as 2024-03-31, or a number"),
            got=_("nothing") if cell is None else str(cell)[:40],
            fix=_("fill in or delete these rows"),
        )
    return values

"""A column of times → numbers that order its cells, for splits by time."""

import numpy as np

from fukami.core.errors import DataError
from fukami.core.language import _, _n
from fukami.core.tables import Column
from fukami.fields import parsing
from fukami.fields.reading.column import moments as read_moments
from fukami.fields.reading.column import numbers


def moments(column: Column) -> np.ndarray:
    """float64 (N), growing with time: dates as microseconds, numbers as they are.

    Raises `DataError` naming the first cell that is neither, or is missing: nothing says where such an example belongs.
    """
    cells = parsing.plain(column.values)
    as_dates = read_moments(cells)
    as_numbers = numbers(cells)
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

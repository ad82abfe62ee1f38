"""A column as quantities in order, read as a training would read it: for checks that look at one column at a time."""

import numpy as np

from fukami.core.tables import Column
from fukami.fields import parsing
from fukami.fields.reading import column as reading
from fukami.fields.reading.column import ENOUGH
from fukami.fields.row.columns.parts import finite
from fukami.fields.row.columns.recognise import Asked, kind_of


def quantities(column: Column, asked: Asked) -> np.ndarray | None:
    """float64 (N) with NaN for missing; None where the cells are words.

    >>> import pyarrow as pa
    >>> quantities(Column("a", pa.array(["0,13", "1,5"])), Asked()), quantities(Column("a", pa.array(["x", "y"])), Asked())
    (array([0.13, 1.5 ]), None)
    """
    (kind, how), array = kind_of(column, asked), parsing.plain(column.values)
    if kind == "number":
        return finite(reading.numbers(array, how, missing=asked.missing).values)
    if kind == "date":
        moments = reading.moments(array, how, missing=asked.missing).values
        return np.where(np.isnat(moments), np.nan, moments.astype(np.int64).astype(np.float64))
    if kind == "ignored" and parsing.is_scalar(array):  # a row number may be the leak
        parsed = reading.numbers(array)
        return finite(parsed.values) if len(array) and parsed.bad.mean() <= 1 - ENOUGH else None
    return None

"""Cells of a row as people give them from Python and JSON."""

from contextlib import suppress
from typing import Any

import numpy as np
import pyarrow as pa

from fukami.fields import parsing


def as_array(values: list[Any]) -> Any:
    """One Arrow array of cells, or a NumPy array where every cell is a list of as many numbers."""
    if values and all(isinstance(value, (list, tuple, np.ndarray)) for value in values) and len({len(v) for v in values}) == 1:
        with suppress(ValueError, TypeError):
            return np.array(values, np.float64)
    values = [value.item() if isinstance(value, np.generic) else value for value in values]
    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError):  # numbers and words in one column
        return pa.array([None if value is None else parsing.written(value) for value in values], pa.string())

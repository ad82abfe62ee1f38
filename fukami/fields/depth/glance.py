"""One look at each depth map, remembered until its file changes."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from fukami.core.errors import DataError
from fukami.core.tables import Column
from fukami.fields import cells
from fukami.fields.depth import decode
from fukami.fields.image import looks

MOST_REMEMBERED = 200_000


@dataclass(frozen=True)
class Glance:
    """What one map holds: its size, the share that is known, lowest, median and highest depth, mean and deviation of the
    logarithms, a hash; `bits` of the numbers, where they are whole steps; `error` where it is no depth."""

    width: int = 0
    height: int = 0
    known: float = 0.0
    low: float = 0.0
    median: float = 0.0
    high: float = 0.0
    log_mean: float = 0.0
    log_std: float = 0.0
    bits: int = 0
    content: int = 0
    error: DataError | None = None


_remembered: dict[Any, Glance] = {}


def glances(column: Column, scale: float, step: float) -> list[Glance]:
    """A look at each map; see `decode.read` for `scale` and `step`."""
    items = looks.raw_cells(column)
    keys = [None] * len(items) if column.is_array else looks.keys_of(items, column.base)
    told = [None if key is None else (key, scale, step) for key in keys]
    if len(_remembered) > MOST_REMEMBERED:
        _remembered.clear()
    missing = [row for row, key in enumerate(told) if key is None or key not in _remembered]

    def look(row: int) -> Glance:
        try:
            return _glance(items[row], column, looks.place(column, row, items[row]), scale, step)
        except DataError as error:
            return Glance(error=error)

    fresh = dict(zip(missing, looks.in_threads(look, missing), strict=True))
    for row, one in fresh.items():
        if told[row] is not None and one.error is None:
            _remembered[told[row]] = one
    return [fresh[row] if row in fresh else _remembered[key] for row, key in enumerate(told)]


def _glance(cell: Any, column: Column, where: str, scale: float, step: float) -> Glance:
    depth_HW = decode.read(cell, column.base, where, scale, step)
    values = depth_HW[depth_HW > 0]
    mark = int(cells.hashes([np.ascontiguousarray(depth_HW).tobytes() + bytes(str(depth_HW.shape), "ascii")])[0])
    height, width = depth_HW.shape
    if not len(values):
        return Glance(width, height, content=mark)
    logs = np.log(values.astype(np.float64))
    whole = bool(np.all(np.abs(values[:4096] / scale - np.rint(values[:4096] / scale)) < 1e-3))
    most = float(values.max())
    bits = 0 if not whole or most / scale > decode.MOST else 8 if most / scale <= 255 and _is_picture(cell) else 16
    ends = float(values.min()), float(np.median(values)), most
    return Glance(width, height, len(values) / depth_HW.size, *ends, float(logs.mean()), float(logs.std()), bits, mark)


def _is_picture(cell: Any) -> bool:
    return isinstance(cell, str) and not cell.startswith(decode.PREFIX) and not cell.endswith(decode.ARRAYS)

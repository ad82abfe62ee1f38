"""What a column of pictures is like: how large they are, whether they have colours, which raw values mean black and white.

N pictures, C channels, H and W pixels.
"""

from collections import Counter
from typing import NamedTuple

import numpy as np

from fukami.core.tables import Column
from fukami.fields import glances, pictures


class Traits(NamedTuple):
    """`widths` and `heights` of the readable pictures, the `channels` that show all of them, and learned `levels`."""

    widths: np.ndarray
    heights: np.ndarray
    channels: int
    levels: pictures.Levels


def traits_of(column: Column) -> Traits:
    """Of arrays and files alike. Raises `DataError`, of the first picture, where none can be read."""
    return _of_pixels(column) if glances.is_pixels(column) else _of_files(column)


def _of_pixels(column: Column) -> Traits:
    layout = pictures.layout_of(column.values.shape, column.name)
    x_NCHW = pictures.as_nchw(column.values, layout)
    N, C, H, W = x_NCHW.shape
    low, high = (float(np.nanmin(x_NCHW)), float(np.nanmax(x_NCHW))) if x_NCHW.size else (0.0, 255.0)
    same = C == 3 and bool((x_NCHW[:200, 0] == x_NCHW[:200, 1]).all() and (x_NCHW[:200, 1] == x_NCHW[:200, 2]).all())
    levels = {"array": list(pictures.range_of(low, high))}
    return Traits(np.full(max(N, 1), W), np.full(max(N, 1), H), 1 if C == 1 or same else 3, levels)


def _of_files(column: Column) -> Traits:
    looks = glances.glances(column)
    found = [g for g in looks if g.error is None]
    if not found:
        raise looks[0].error or AssertionError
    deep: dict[str, list[tuple[float, float]]] = {}
    for look in found:
        if look.levels is not None:
            deep.setdefault(look.mode, []).append(look.levels)
    levels = {
        mode: list(pictures.range_of(min(low for low, _h in seen), max(high for _l, high in seen)))
        for mode, seen in deep.items()
    }
    modes = Counter(g.grey for g in found)
    widths, heights = np.array([g.width for g in found]), np.array([g.height for g in found])
    return Traits(widths, heights, 3 if modes[False] else 1, levels)

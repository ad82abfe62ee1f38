"""Depth marks a rectangle by being nearer."""

import numpy as np

from fukami.core.tables import Column
from fukami.fields.depth import decode

FAR = 9


def cells(rectangles_N4: np.ndarray, height: int, width: int) -> list[Column]:
    """Raw cells that mark the rectangles `(left, top, right, bottom)`, in pixels of pictures of this size."""
    maps = np.full((len(rectangles_N4), height, width), FAR, np.uint16)
    for depth_HW, (left, top, right, bottom) in zip(maps, rectangles_N4, strict=True):
        depth_HW[top:bottom, left:right] = 2
    return [Column("x", maps)]


def middles(batch, height: int, width: int) -> np.ndarray:
    """The middle of what each example of a batch marks, on pictures of this size: (N, 2), x first."""
    found = []
    for depth_HW in np.asarray(batch):
        y, x = np.nonzero((depth_HW > 0) & (depth_HW < FAR - 1))
        scale = np.array([width / depth_HW.shape[1], height / depth_HW.shape[0]])
        found.append((np.array([x.mean(), y.mean()]) + 0.5) * scale if len(x) else np.full(2, np.nan))
    return np.array(found)


def read(field, told) -> np.ndarray:
    """The middle of what each answer marks, in pixels of the given picture."""
    maps = [decode.read(answer["depth"], None, "", 1.0, 1.0) for answer in told]
    assert {depth_HW.shape for depth_HW in maps} == {(60, 80)}
    return np.concatenate([middles([depth_HW], 60, 80) for depth_HW in maps])

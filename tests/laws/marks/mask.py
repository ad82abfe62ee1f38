"""Masks mark a rectangle by another class."""

import numpy as np

from fukami.core.tables import Column
from fukami.fields.mask import decode


def cells(rectangles_N4: np.ndarray, height: int, width: int) -> list[Column]:
    """Raw cells that mark the rectangles `(left, top, right, bottom)`, in pixels of pictures of this size."""
    masks = np.zeros((len(rectangles_N4), height, width), np.uint8)
    for mask, (left, top, right, bottom) in zip(masks, rectangles_N4, strict=True):
        mask[top:bottom, left:right] = 1
    return [Column("x", masks)]


def middles(batch, height: int, width: int) -> np.ndarray:
    """The middle of what each example of a batch marks, on pictures of this size: (N, 2), x first; NaN for nothing."""
    found = []
    for index_HW in np.asarray(batch):
        y, x = np.nonzero(index_HW == 1)
        scale = np.array([width / index_HW.shape[1], height / index_HW.shape[0]])
        found.append((np.array([x.mean(), y.mean()]) + 0.5) * scale if len(x) else np.full(2, np.nan))
    return np.array(found)


def read(field, told) -> np.ndarray:
    """The middle of what each answer marks, in pixels of the given picture."""
    found = []
    for answer in told:
        values_HW, _coloured, _lossy = decode.read(answer["mask"], None, "")
        assert values_HW.shape == (60, 80)
        found.append(middles([values_HW == 1], *values_HW.shape)[0])
    return np.array(found)

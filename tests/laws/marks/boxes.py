"""Boxes mark a rectangle as what it is."""

import numpy as np
import pyarrow as pa

from fukami.core.tables import Column


def cells(rectangles_N4: np.ndarray, height: int, width: int) -> list[Column]:
    """Raw cells that mark the rectangles `(left, top, right, bottom)`, in pixels of pictures of this size."""
    told = [
        [{"box": [left, top, right - left, bottom - top], "label": "white"}]
        for left, top, right, bottom in rectangles_N4.tolist()
    ]
    return [Column("x", pa.array(told))]


def middles(batch, height: int, width: int) -> np.ndarray:
    """The middle of what each example of a batch marks, on pictures of this size: (N, 2), x first."""
    box_N4 = np.asarray(batch.columns["box"])
    assert len(box_N4) == len(batch)
    return (box_N4[:, :2] + box_N4[:, 2:]) / 2 * [width, height]


def read(field, told) -> np.ndarray:
    """The middle of what each answer marks, in pixels of the given picture."""
    boxes = np.array([answer["boxes"][0]["box"] for answer in told])
    return boxes[:, :2] + boxes[:, 2:] / 2

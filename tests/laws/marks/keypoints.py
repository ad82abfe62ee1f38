"""Keypoints mark a rectangle by two of its corners."""

import numpy as np
import pyarrow as pa

from fukami.core.tables import Column


def cells(rectangles_N4: np.ndarray, height: int, width: int) -> list[Column]:
    """Raw cells that mark the rectangles `(left, top, right, bottom)`, in pixels of pictures of this size."""
    told = [
        [{"points": {"first": [left, top], "last": [right, bottom]}}] for left, top, right, bottom in rectangles_N4.tolist()
    ]
    return [Column("x", pa.array(told))]


def middles(batch, height: int, width: int) -> np.ndarray:
    """The middle of what each example of a batch marks, on pictures of this size: (N, 2), x first."""
    points_NP3 = np.asarray(batch.columns["points"])
    assert points_NP3[:, :, 2].all(), "nothing has left the picture"
    return points_NP3[:, :, :2].mean(1) * [width, height]


def read(field, told) -> np.ndarray:
    """The middle of what each answer marks, in pixels of the given picture."""
    points = [answer["keypoints"][0]["points"].values() for answer in told]
    return np.array([[[point["x"], point["y"]] for point in both] for both in points]).mean(1)

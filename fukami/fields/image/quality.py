"""Which of several pictures of one thing is the best: the sharpest, and of equally sharp ones the one of most pixels.

Sharpness is the variance of the Laplacian of the grey picture (Pech-Pacheco et al. 2000), on copies of one size, so that a
larger copy of a picture is as sharp as it. Steps of a factor of two are told apart. N pictures.
"""

from typing import Any

import numpy as np

from fukami.core.tables import Column
from fukami.fields.image import looks
from fukami.fields.image.encode import encoded

SIDE_PX, AT_A_TIME = 256, 64


def quality_of(column: Column, state: dict[str, Any]) -> np.ndarray:
    """float64 (N): the higher the better, comparable among pictures of one thing alone."""
    widths, heights = (np.asarray(one, np.float64) for one in looks.sizes_of(column))
    found = np.empty(len(column))
    for start in range(0, len(column), AT_A_TIME):
        rows = np.arange(start, min(start + AT_A_TIME, len(column)))
        x_NCHW = encoded(column.take(rows), {**state, "size_px": SIDE_PX, "resize": "squash"})
        grey_NHW = x_NCHW.mean(1, dtype=np.float32)
        centre = 4 * grey_NHW[:, 1:-1, 1:-1]
        around = grey_NHW[:, :-2, 1:-1] + grey_NHW[:, 2:, 1:-1] + grey_NHW[:, 1:-1, :-2] + grey_NHW[:, 1:-1, 2:]
        found[rows] = (centre - around).var((1, 2))
    return 100 * np.round(np.log2(found + 1e-3)) + np.log2(widths * heights)

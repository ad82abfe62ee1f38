"""Pictures for people: one as a PNG in base64, many on a sheet."""

import base64
import io

import numpy as np
from PIL import Image as Pillow

PREFIX = "data:image/png;base64,"
"""How a picture begins that is told in JSON."""
GAP, SHEET_PX = 2, 512


def png(pixels_CHW: np.ndarray) -> bytes:
    """The bytes of a PNG."""
    buffer = io.BytesIO()
    pixels = np.ascontiguousarray(pixels_CHW[0] if len(pixels_CHW) == 1 else pixels_CHW.transpose(1, 2, 0))
    Pillow.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def as_text(pixels_CHW: np.ndarray) -> str:
    """A picture as JSON tells it.

    >>> as_text(np.zeros((1, 2, 2), np.uint8))[:22] == PREFIX
    True
    """
    return PREFIX + base64.b64encode(png(pixels_CHW)).decode("ascii")


def sheet(pixels_NCHW: np.ndarray) -> str:
    """Pictures side by side as one, in a square, each as large as it is; the sheet is no wider than about 1,000 pixels."""
    N, C, H, W = pixels_NCHW.shape
    across = max(1, min(int(np.ceil(np.sqrt(N))), max(1, 2 * SHEET_PX // (W + GAP))))
    down = -(-N // across)
    out = np.full((C, down * (H + GAP) - GAP, across * (W + GAP) - GAP), 255, np.uint8)
    for number, pixels_CHW in enumerate(pixels_NCHW):
        top, left = number // across * (H + GAP), number % across * (W + GAP)
        out[:, top : top + H, left : left + W] = pixels_CHW
    return as_text(out)

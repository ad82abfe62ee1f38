"""A picture as JSON tells it."""

import base64
import io

import numpy as np
from PIL import Image


def answer(row, told):
    """The pixels (channels, height, width) as a PNG in base64."""
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(row[0] if len(row) == 1 else row.transpose(1, 2, 0))).save(buffer, "PNG")
    return {"picture": "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")}

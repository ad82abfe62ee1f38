"""Instances for people: each thing tinted on the picture, its edge in full colour."""

import base64
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image as Pillow

from fukami.fields.mask.render import PALETTE

LONGEST_PX = 480
TINT = 90


def over_picture(masks: Sequence[np.ndarray], told: Sequence[dict[str, Any]], size: tuple[int, int], over: str) -> str:
    """`over`, the drawn picture of that width and height, below the masks; things that are a `fault` have a white edge."""
    shrink = min(1.0, LONGEST_PX / max(size))
    width, height = (max(1, round(side * shrink)) for side in size)
    sheet = np.zeros((height, width, 4), np.uint8)
    at_y = ((np.arange(height) + 0.5) / height * size[1]).astype(int)
    at_x = ((np.arange(width) + 0.5) / width * size[0]).astype(int)
    for number, (mask, one) in enumerate(zip(masks, told, strict=True)):
        small = mask[np.ix_(at_y, at_x)] > 0
        inner = np.zeros_like(small)
        inner[1:-1, 1:-1] = small[1:-1, 1:-1] & small[:-2, 1:-1] & small[2:, 1:-1] & small[1:-1, :-2] & small[1:-1, 2:]
        colour = PALETTE[number % len(PALETTE)]
        sheet[small] = (*colour, TINT)
        sheet[small & ~inner] = (*((255, 255, 255) if one.get("fault") else colour), 255)
    buffer = io.BytesIO()
    Pillow.fromarray(sheet).save(buffer, "PNG")
    data = base64.b64encode(buffer.getvalue()).decode("ascii")
    style = "position:absolute;inset:0;width:100%;height:100%;image-rendering:pixelated"
    return f'{over}<img alt="" src="data:image/png;base64,{data}" style="{style}">'

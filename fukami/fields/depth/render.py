"""Depth for people: near is bright, far is dark, what is not known is black."""

import base64
import html
import io

import numpy as np
from PIL import Image as Pillow

from fukami.core.language import _
from fukami.fields.mask.render import thumbnail

RAMP = np.array([(252, 253, 191), (252, 137, 97), (183, 55, 121), (81, 18, 124), (20, 14, 54)], float)
"""Colours from near to far, evenly spaced, whose brightness falls steadily."""


def kept(depth_HW: np.ndarray) -> dict:
    """Depth, small, as `drawn` takes it: a PNG in base64 in colours, with what nearest and farthest are."""
    small_HW = thumbnail(depth_HW)
    known_HW = small_HW > 0
    near, far = (float(v) for v in np.quantile(small_HW[known_HW], (0.02, 0.98))) if known_HW.any() else (0.0, 0.0)
    low, high = (float(np.log(max(end, 1e-6))) for end in (near, far))
    share_HW = ((np.log(np.maximum(small_HW, 1e-6)) - low) / max(high - low, 1e-6)).clip(0, 1)
    at_HW = share_HW * (len(RAMP) - 1)
    low_HW = np.floor(at_HW).astype(int).clip(0, len(RAMP) - 2)
    part_HW1 = (at_HW - low_HW)[..., None]
    colours_HW3 = RAMP[low_HW] * (1 - part_HW1) + RAMP[low_HW + 1] * part_HW1
    buffer = io.BytesIO()
    Pillow.fromarray(np.where(known_HW[..., None], colours_HW3, 0).astype(np.uint8)).save(buffer, "PNG")
    picture = "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
    return {"picture": picture, "near": round(near, 4), "far": round(far, 4)}


def rendered(told: dict) -> str:
    """What `kept` gave as an HTML fragment."""
    words = html.escape(_("near {near:g} (bright) to far {far:g} (dark)").format(near=told["near"], far=told["far"]))
    return f'<figure style="margin:0"><img src="{told["picture"]}" alt="{words}"><figcaption>{words}</figcaption></figure>'

"""An episode as people look at it: pictures from beginning to end; where it cannot be drawn, what was seen as curves."""

import base64
import html
import io
from typing import Any

import numpy as np
from PIL import Image

from fukami.core.language import _
from fukami.fields.environment.worlds import World, course, pictures

SHOWN, HEIGHT_PX = 6, 96
MOST_CURVES = 8


def world_from(state: dict[str, Any]) -> World:
    """The world of a learned field's state."""
    told: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in state.items()}
    return World(**told)


def strip(state: dict[str, Any], seed: int, actions: np.ndarray) -> str:
    """The episode of `seed` in which `actions` (T) were done, as an HTML fragment that is complete in itself."""
    world = world_from(state)
    found = pictures(world, seed, actions, SHOWN)
    if not found:
        return _curves(course(world, seed, actions))
    steps = np.unique(np.linspace(0, len(actions), SHOWN).round().astype(int)).tolist()
    return "".join(_picture(one, step) for one, step in zip(found, steps, strict=False))


def _picture(picture: np.ndarray, step: int) -> str:
    image = Image.fromarray(picture)
    image.thumbnail((4 * HEIGHT_PX, HEIGHT_PX))
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    data = base64.b64encode(buffer.getvalue()).decode()
    name = html.escape(_("step {step}").format(step=step), quote=True)
    return f'<img src="data:image/png;base64,{data}" alt="{name}" title="{name}">'


def _curves(seen_TN: np.ndarray) -> str:
    """Each number of what was seen over time, between its least and its largest."""
    width, height = 400.0, 30.0
    drawn = []
    for number, curve in enumerate(seen_TN.T[:MOST_CURVES]):
        low, high = float(curve.min()), float(curve.max())
        scaled = (curve - low) / ((high - low) or 1.0)
        places = np.linspace(0, width, len(curve))
        points = " ".join(f"{x:.1f},{(number + 0.9 - 0.8 * y) * height:.1f}" for x, y in zip(places, scaled, strict=True))
        drawn.append(f'<polyline points="{points}" fill="none" stroke="currentColor"/>')
    total = height * max(1, len(drawn))
    return f'<svg viewBox="0 0 {width:.0f} {total:.0f}" width="{width:.0f}" role="img">{"".join(drawn)}</svg>'

"""Keypoints for people: dots and the lines between them, as shapes of SVG."""

import html
from collections.abc import Mapping, Sequence
from typing import Any

from fukami.fields.mask.render import colour

LEAST_SURE = 0.2
"""Points of which the network is less sure are drawn faint."""


def stick_figures(told: Sequence[Mapping[str, Any]], state: Mapping[str, Any]) -> str:
    """A thing each in its own colour: its points in pixels, as `[x, y]` or None, joined as `state` says, with their names."""
    shapes = []
    for number, one in enumerate(told):
        ink, points = f"rgb{colour(number)}", one["points"]
        for a, b in state.get("lines", ()):
            if points[a] is not None and points[b] is not None:
                (x1, y1), (x2, y2) = points[a], points[b]
                place = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
                shapes.append(f'<line {place} stroke="{ink}" stroke-width="2" vector-effect="non-scaling-stroke"/>')
        for name, point, sure in zip(state["points"], points, one["sure"], strict=True):
            if point is None:
                continue
            x, y = point
            title = html.escape(f"{name} {sure:.2f}" if "score" in one else name)
            faint = ' stroke-opacity="0.4"' if sure < LEAST_SURE else ""
            end = f'x1="{x:.1f}" y1="{y:.1f}" x2="{x:.1f}" y2="{y:.1f}" stroke="{ink}" stroke-width="7"{faint}'
            line = f'<line {end} stroke-linecap="round" vector-effect="non-scaling-stroke"><title>{title}</title></line>'
            shapes.append(line)
    return "".join(shapes)

"""Curves of a series as SVG: a small panel for each channel, complete in itself."""

from collections.abc import Callable, Sequence
from html import escape

import numpy as np

from fukami.core.tables import Windows
from fukami.fields.series.reading import Recording

WIDTH, HEIGHT, MARGIN = 320, 90, 4
MOST_CHANNELS, MOST_POINTS = 8, 240

Bands = Callable[[np.ndarray, int], "tuple[np.ndarray, np.ndarray] | None"]
"""Forecasts of one channel and its number → low and high, where they are known."""
Curve = tuple[int, np.ndarray, str]
"""The step at which a curve begins, its values, its colour."""
Band = tuple[int, int, str, str]
"""The steps from which to which there is a ground of that colour, and what it says when pointed at."""


def curves(recording: Recording, start: int, length: int) -> str:
    """What a window shows of each channel, of the first eight where there are more."""
    values = recording.values[start : start + length]
    shown = [panel(name, [(0, values[:, index], "#2078d6")]) for index, name in enumerate(recording.channels[:MOST_CHANNELS])]
    more = len(recording.channels) - MOST_CHANNELS
    return "<div>" + "".join(shown) + (f"<small>+{more}</small>" if more > 0 else "") + "</div>"


def forecast(recording: Recording, windows: Windows, row: int, answer_CH: np.ndarray, bands_C: Bands) -> str:
    """History and truth in blue, the forecast in orange with its band, of the channels of which it was kept."""
    start, length = int(windows.starts[row]), windows.length
    before = min(windows.before, 2 * length)
    panels = []
    for index, values_H in enumerate(answer_CH):
        known = recording.values[start - before : start + length, index]
        band = bands_C(values_H, index)
        ground = None if band is None else (before, *band)
        panels.append(panel(recording.channels[index], [(0, known, "#2078d6"), (before, values_H, "#f26b00")], between=ground))
    return "<div>" + "".join(panels) + "</div>"


def panel(
    title: str, drawn: Sequence[Curve], *, bands: Sequence[Band] = (), between: tuple[int, np.ndarray, np.ndarray] | None = None
) -> str:
    """Curves in one frame, whose height is that of their values; `between` is a ground from low to high."""
    parts = [values for _begin, values, _colour in drawn] + ([between[1], between[2]] if between else [])
    known = np.concatenate([np.asarray(part, float) for part in parts]) if parts else np.zeros(1)
    known = known[np.isfinite(known)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    steps = max([begin + len(values) for begin, values, _colour in drawn] + [end for _begin, end, *_rest in bands] + [2])

    def x(step: float) -> float:
        return MARGIN + step / (steps - 1) * (WIDTH - 2 * MARGIN)

    def y(value: float) -> float:
        return HEIGHT - MARGIN - (value - low) / ((high - low) or 1.0) * (HEIGHT - 2 * MARGIN)

    def points(begin: int, values: np.ndarray) -> list[str]:
        at = np.unique(np.linspace(0, len(values) - 1, min(len(values), MOST_POINTS)).astype(int)) if len(values) else []
        return [f"{x(begin + i):.1f},{y(float(values[i])):.1f}" for i in at if np.isfinite(values[i])]

    svg = []
    for begin, end, colour, told in bands:
        left, right = x(begin), min(x(end), WIDTH - MARGIN)
        place = f'x="{left:.1f}" y="0" width="{right - left:.1f}" height="{HEIGHT}"'
        svg.append(f'<rect {place} fill="{colour}"><title>{escape(told)}</title></rect>')
    if between is not None:
        begin, under, over = between
        path = " ".join([*points(begin, over), *reversed(points(begin, under))])
        svg.append(f'<polygon points="{path}" fill="#f26b00" fill-opacity="0.18"/>')
    for begin, values, colour in drawn:
        svg.append(f'<polyline points="{" ".join(points(begin, values))}" fill="none" stroke="{colour}" stroke-width="1.4"/>')
    head = f"<figcaption>{escape(title)} <small>{low:.4g} … {high:.4g}</small></figcaption>"
    frame = f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img" aria-label="{escape(title)}">'
    return f'<figure style="display:inline-block;margin:4px">{head}{frame}{"".join(svg)}</svg></figure>'

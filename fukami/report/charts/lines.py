"""Curves over steps or epochs: training and validation, each with a colour, a stroke and a name of its own."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from fukami.report.charts.axes import Frame, Label, Scale, left_margin, number_label, polyline, span
from fukami.report.svg import WIDTH, drawing, element, join, text_width

NARROW = 320.0
"""Curves stand three in a row on a desk, so their box is narrower than the usual one."""

MOST_POINTS = 240
"""More points than this are averaged: a phone shows no more, and the file stays small."""


@dataclass(frozen=True)
class Line:
    """One curve: (x, y) points in order of x. `class_` names its colour: `c1` … `c4`; `quiet` draws it thin."""

    name: str
    points: Sequence[tuple[float, float]]
    class_: str = "c1"
    dots: bool = False


def thinned(points: Sequence[tuple[float, float]], most: int = MOST_POINTS) -> list[tuple[float, float]]:
    """Finite points, averaged in groups of equal size where there are more than `most`.

    >>> thinned([(0, 1.0), (1, 3.0), (2, 5.0), (3, float("nan"))], most=2)
    [(0.5, 2.0), (2.0, 5.0)]
    """
    usable = [(float(x), float(y)) for x, y in points if math.isfinite(x) and math.isfinite(y)]
    if len(usable) <= most:
        return usable
    size = math.ceil(len(usable) / most)
    groups = [usable[i : i + size] for i in range(0, len(usable), size)]
    return [(sum(x for x, _y in g) / len(g), sum(y for _x, y in g) / len(g)) for g in groups]


def lines(
    drawn: Sequence[Line],
    *,
    title: str,
    x_title: str,
    y_label: Label = number_label,
    low: float | None = None,
    high: float | None = None,
    height: float = 210,
    marks: Sequence[float] = (),
) -> Markup:
    """The curves in one frame; empty without points. The y axis is logarithmic where positive values span a factor of 50.

    `marks` are places on the x axis where a dashed line stands.
    """
    curves = [(line, thinned(line.points)) for line in drawn]
    curves = [(line, points) for line, points in curves if points]
    if not curves:
        return Markup("")
    xs = [x for _line, points in curves for x, _y in points]
    ys = [y for _line, points in curves for _x, y in points]
    log = low is None and min(ys) > 0 and max(ys) > 50 * min(ys)
    bottom, top = (min(ys), max(ys)) if log else span(ys, low=low, high=high)
    y = Scale(bottom, top, height - 38, 28 if len(curves) > 1 else 12, log)
    x = Scale(min(xs), max(xs), left_margin(y.ticks(), y_label), NARROW - 10)
    frame = Frame(x, y, y_label=y_label, x_title=x_title)
    shapes = [element("line", x1=x(at), x2=x(at), y1=22, y2=height - 38, class_="guide") for at in marks]
    shapes += [_curve(line, [(x(a), y(b)) for a, b in points]) for line, points in curves]
    return drawing(
        frame.draw(), *shapes, legend([line for line, _points in curves], NARROW), title=title, height=height, width=NARROW
    )


def _curve(line: Line, places: list[tuple[float, float]]) -> Markup:
    dots = (
        [element("circle", cx=a, cy=b, r=2.6, class_=f"dot {line.class_}") for a, b in places]
        if line.dots or len(places) == 1
        else []
    )
    return polyline(places, f"curve {line.class_}") + join(dots)


def legend(drawn: Sequence[Line], width: float = WIDTH) -> Markup:
    """Names of the curves with their strokes, at the top right; nothing for a single curve."""
    if len(drawn) < 2:
        return Markup("")
    parts, right = [], width - 10
    for line in reversed(drawn):
        start = right - text_width(line.name)
        parts.append(element("text", line.name, x=right, y=13, class_="name end"))
        parts.append(element("line", x1=start - 24, x2=start - 6, y1=9, y2=9, class_=f"curve {line.class_}"))
        right = start - 36
    return join(parts)

"""Horizontal bars with intervals, each named above its bar so that long names fit on a phone."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from fukami.report.charts.axes import Scale
from fukami.report.figures import Figure
from fukami.report.svg import WIDTH, drawing, element, join, shortened

ROW = 38.0


@dataclass(frozen=True)
class Bar:
    """One bar: its name, its figure, what is written beside it, and an aside such as the number of examples."""

    name: str
    figure: Figure
    text: str
    aside: str = ""
    class_: str = "c1"


def bars(drawn: Sequence[Bar], *, title: str, high: float | None = None) -> Markup:
    """Bars from zero. `high` is the value at the right edge; the largest where it is not given. Empty without bars."""
    if not drawn:
        return Markup("")
    values = [v for bar in drawn for v in (bar.figure.value, bar.figure.low, bar.figure.high) if v is not None]
    most, least = max([*values, 0.0]) if high is None else high, min([*values, 0.0])
    x = Scale(least, most if most > least else least + 1, 0, WIDTH)
    rows = [_row(bar, x, i * ROW) for i, bar in enumerate(drawn)]
    zero = element("line", x1=x(0), x2=x(0), y1=2, y2=len(drawn) * ROW, class_="axis") if least < 0 else ""
    return drawing(*rows, zero, title=title, height=len(drawn) * ROW + 4)


def _row(bar: Bar, x: Scale, top: float) -> Markup:
    aside = element("tspan", bar.aside, dx=7, class_="faint") if bar.aside else ""
    name = shortened(bar.name, 34)
    start, end = sorted((x(0), x(bar.figure.value)))
    parts = [
        element("text", name, aside, x=0, y=top + 14, class_="label"),
        element("text", bar.text, x=WIDTH, y=top + 14, class_="label strong end"),
        element("rect", x=start, y=top + 20, width=max(end - start, 0.5), height=9, rx=2, class_=f"bar {bar.class_}"),
        whisker(bar.figure, x, top + 24.5),
    ]
    said = f"{bar.name}: {bar.text}" + (f" ({bar.aside})" if bar.aside else "")
    return element("g", element("title", said), *parts)


def whisker(told: Figure, x: Scale, y: float) -> Markup:
    """The interval of a figure as a thin line with ends; nothing where it has none."""
    if told.low is None or told.high is None:
        return Markup("")
    low, high = x(told.low), x(told.high)
    ends = [element("line", x1=at, x2=at, y1=y - 4, y2=y + 4, class_="whisker") for at in (low, high)]
    return join([element("line", x1=low, x2=high, y1=y, y2=y, class_="whisker"), *ends])

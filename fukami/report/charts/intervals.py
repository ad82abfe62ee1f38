"""The model beside the baselines: a point each, with its interval where it was measured."""

from collections.abc import Sequence

from markupsafe import Markup

from fukami.report.charts.axes import Label, Scale, number_label, span
from fukami.report.charts.bars import Bar, whisker
from fukami.report.svg import WIDTH, drawing, element, join, shortened

ROW = 38.0


def intervals(
    drawn: Sequence[Bar], *, title: str, label: Label = number_label, low: float | None = None, high: float | None = None
) -> Markup:
    """One row for each entry, on one axis that need not start at zero: points, unlike bars, do not claim lengths.

    `low` and `high` are what the metric cannot pass; the axis is cut there. Empty without entries.
    """
    if not drawn:
        return Markup("")
    values = [v for bar in drawn for v in (bar.figure.value, bar.figure.low, bar.figure.high) if v is not None]
    least, most = span(values, pad=0.08)
    x = Scale(least if low is None else max(least, low), most if high is None else min(most, high), 14, WIDTH - 14)
    bottom = len(drawn) * ROW + 6
    axis = [
        join(
            [
                element("line", x1=x(v), x2=x(v), y1=bottom - 4, y2=bottom, class_="axis"),
                element("text", label(v), x=x(v), y=bottom + 13, class_="tick middle"),
            ]
        )
        for v in x.ticks(5)
    ]
    rows = [_row(bar, x, i * ROW) for i, bar in enumerate(drawn)]
    return drawing(*axis, *rows, title=title, height=bottom + 18)


def _row(bar: Bar, x: Scale, top: float) -> Markup:
    y = top + 27
    parts = [
        element("line", x1=0, x2=WIDTH, y1=y, y2=y, class_="grid"),
        element("text", shortened(bar.name, 44), x=0, y=top + 15, class_="label strong" if bar.class_ == "c1" else "label"),
        element("text", bar.text, x=WIDTH, y=top + 15, class_="label strong end"),
        whisker(bar.figure, x, y),
        element("circle", cx=x(bar.figure.value), cy=y, r=5 if bar.class_ == "c1" else 4, class_=f"dot {bar.class_}"),
    ]
    said = f"{bar.name}: {bar.text}" + (f" ({bar.aside})" if bar.aside else "")
    return element("g", element("title", said), *parts)

"""A histogram, with a mark at zero: for residuals, where zero is an exact answer."""

from collections.abc import Sequence

from markupsafe import Markup

from fukami.report.charts.axes import Frame, Scale, left_margin, number_label
from fukami.report.svg import WIDTH, drawing, element


def histogram(edges: Sequence[float], counts: Sequence[int], *, title: str, x_title: str, y_title: str) -> Markup:
    """B counts between B + 1 edges. Empty without counts."""
    if not len(counts) or len(edges) != len(counts) + 1 or not edges[-1] > edges[0]:
        return Markup("")
    height = 340.0
    y = Scale(0, max(*counts, 1) * 1.04, height - 40, 24)
    x = Scale(edges[0], edges[-1], left_margin(y.ticks(), number_label), WIDTH - 12)
    frame = Frame(x, y, x_title=x_title, y_title=y_title)
    columns = [
        element("rect", x=x(a) + 0.5, width=max(x(b) - x(a) - 1, 0.5), y=y(n), height=y(0) - y(n), class_="bar c1")
        for a, b, n in zip(edges, edges[1:], counts, strict=False)
        if n
    ]
    inside = edges[0] < 0 < edges[-1]
    zero = element("line", x1=x(0), x2=x(0), y1=y(0), y2=24, class_="guide") if inside else ""
    return drawing(frame.draw(), *columns, zero, title=title, height=height)

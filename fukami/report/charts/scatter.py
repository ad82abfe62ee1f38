"""Target against answer, with the diagonal on which every answer would be exact."""

from collections.abc import Sequence

from markupsafe import Markup

from fukami.report.charts.axes import Frame, Scale, left_margin, number_label, span
from fukami.report.svg import WIDTH, drawing, element, number

MOST_POINTS = 1500
FEW_POINTS = 400
"""Up to this many points can be drawn larger without covering each other."""


def scatter(points: Sequence[Sequence[float]], *, title: str, x_title: str, y_title: str) -> Markup:
    """(target, answer) pairs, evenly thinned to 1,500; empty without any. One path holds all dots, to keep the file small."""
    if not points:
        return Markup("")
    kept = points[:: max(1, -(-len(points) // MOST_POINTS))]
    low, high = span([v for pair in kept for v in pair], pad=0.03)
    height = 340.0
    y = Scale(low, high, height - 40, 24)
    x = Scale(low, high, left_margin(y.ticks(), number_label), WIDTH - 12)
    frame = Frame(x, y, x_title=x_title, y_title=y_title)
    diagonal = element("line", x1=x(low), y1=y(low), x2=x(high), y2=y(high), class_="guide")
    dots = "".join(f"M{number(x(float(a)))} {number(y(float(b)))}h0" for a, b in kept)
    return drawing(
        frame.draw(),
        element("path", d=dots, class_="dots c1" if len(kept) > FEW_POINTS else "dots few c1"),
        diagonal,
        title=title,
        height=height,
    )

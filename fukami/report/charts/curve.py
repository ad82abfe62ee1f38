"""ROC and precision–recall curves: a line in the unit square, with the line that chance would draw."""

from collections.abc import Sequence

from markupsafe import Markup

from fukami.report.charts.axes import Frame, Scale, percent_label, polyline
from fukami.report.charts.lines import MOST_POINTS
from fukami.report.svg import WIDTH, drawing, element


def curve(
    points: Sequence[Sequence[float]],
    *,
    title: str,
    x_title: str,
    y_title: str,
    guide: tuple[tuple[float, float], tuple[float, float]] | None = None,
) -> Markup:
    """(x, y) points in [0, 1], and `guide`, the two ends of the line of chance. Empty without points."""
    if not points:
        return Markup("")
    height = 330.0
    x, y = Scale(0, 1, 50, WIDTH - 12), Scale(0, 1, height - 40, 24)
    stride = max(1, len(points) // MOST_POINTS)
    kept = [*points[:-1][::stride], points[-1]]
    places = [(x(float(a)), y(float(b))) for a, b in kept]
    chance = (
        element("line", x1=x(guide[0][0]), y1=y(guide[0][1]), x2=x(guide[1][0]), y2=y(guide[1][1]), class_="guide")
        if guide
        else ""
    )
    frame = Frame(x, y, percent_label, percent_label, x_title, y_title)
    return drawing(frame.draw(), chance, polyline(places, "curve c1"), title=title, height=height)

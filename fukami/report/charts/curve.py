"""ROC and precision–recall curves: lines in the unit square, with the line that chance would draw."""

from collections.abc import Sequence

from markupsafe import Markup

from fukami.report.charts.axes import Frame, Scale, percent_label, polyline
from fukami.report.charts.lines import MOST_POINTS, Line, legend
from fukami.report.svg import WIDTH, drawing, element

Segment = tuple[tuple[float, float], tuple[float, float]]


def curves(drawn: Sequence[Line], *, title: str, x_title: str, y_title: str, guide: Segment | None = None) -> Markup:
    """Lines through (x, y) points in [0, 1]; `guide` has the two ends of the line of chance. Empty without points.

    Lines of one colour share an entry of the legend, the name of the last of them; each says its own name when pointed at.
    """
    usable = [line for line in drawn if line.points]
    if not usable:
        return Markup("")
    height = 330.0
    x, y = Scale(0, 1, 50, WIDTH - 18), Scale(0, 1, height - 40, 40)
    shapes = []
    for line in usable:
        stride = max(1, len(line.points) // MOST_POINTS)
        kept = [*line.points[:-1][::stride], line.points[-1]]
        path = polyline([(x(float(a)), y(float(b))) for a, b in kept], f"curve {line.class_}")
        shapes.append(element("g", element("title", line.name), path))
    if guide:
        (x1, y1), (x2, y2) = guide
        shapes.insert(0, element("line", x1=x(x1), y1=y(y1), x2=x(x2), y2=y(y2), class_="guide"))
    frame = Frame(x, y, percent_label, percent_label, x_title)
    named = legend(list({line.class_: line for line in usable}.values()))
    y_name = element("text", y_title, x=2, y=30 if named else 13, class_="name")
    return drawing(frame.draw(), *shapes, named, y_name, title=title, height=height)

"""The reliability diagram: how often the model is right when it is this sure (DeGroot and Fienberg 1983).

On the diagonal, confidence can be taken at its word. Columns at the foot show how many examples each confidence has.
"""

from collections.abc import Sequence

from markupsafe import Markup

from fukami.report.charts.axes import Frame, Scale, percent_label, polyline
from fukami.report.charts.lines import Line, legend
from fukami.report.svg import WIDTH, drawing, element, join

Bin = tuple[float, float, int]
"""Mean confidence, accuracy, and number of examples of one bin."""


def reliability(
    after: Sequence[Bin],
    before: Sequence[Bin] = (),
    *,
    title: str,
    x_title: str,
    y_title: str,
    names: tuple[str, str] = ("", ""),
) -> Markup:
    """Bins of the calibrated probabilities, and of the uncalibrated ones where there are any. `names` = (after, before)."""
    height = 330.0
    x, y = Scale(0, 1, 50, WIDTH - 18), Scale(0, 1, height - 40, 40)
    frame = Frame(x, y, percent_label, percent_label, x_title, "")
    most = max((n for _c, _a, n in after), default=1) or 1
    foot = [
        element("rect", x=x(c) - 6, width=12, y=y(0) - 46 * n / most, height=46 * n / most, class_="column")
        for c, _a, n in after
        if n
    ]
    diagonal = element("line", x1=x(0), y1=y(0), x2=x(1), y2=y(1), class_="guide")
    curves = [_curve(before, x, y, "c5", 2.6), _curve(after, x, y, "c1", 4.0)]
    named = [Line(names[1], [], "c5"), Line(names[0], [], "c1")] if any(n for _c, _a, n in before) else []
    y_name = element("text", y_title, x=2, y=13 if not named else 30, class_="name")
    return drawing(frame.draw(), *foot, diagonal, *curves, legend(named), y_name, title=title, height=height)


def _curve(bins: Sequence[Bin], x: Scale, y: Scale, class_: str, radius: float) -> Markup:
    places = [(x(c), y(a)) for c, a, n in bins if n]
    dots = [element("circle", cx=a, cy=b, r=radius, class_=f"dot {class_}") for a, b in places]
    return (polyline(places, f"curve {class_}") if len(places) > 1 else Markup("")) + join(dots)

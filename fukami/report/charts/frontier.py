"""What costs how much: cost against value, with the line of those that no other beats in both."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from fukami.report.charts.axes import Frame, Label, Scale, left_margin, number_label, polyline, span
from fukami.report.svg import WIDTH, drawing, element


@dataclass(frozen=True)
class Spot:
    """One choice: what it costs, what it is worth, its short mark beside the dot and its name; `chosen` where it was taken."""

    cost: float
    value: float
    mark: str
    name: str
    chosen: bool = False


def frontier(
    spots: Sequence[Spot], *, higher_is_better: bool, title: str, x_title: str, y_title: str, y_label: Label = number_label
) -> Markup:
    """A dot for each, and a line through `best`; costs are drawn logarithmically where they differ by more than ten times.

    Empty with fewer than two.
    """
    if len(spots) < 2:
        return Markup("")
    costs, values = [spot.cost for spot in spots], [spot.value for spot in spots]
    height, log = 300.0, min(costs) > 0 and max(costs) > 10 * min(costs)
    y = Scale(*span(values, pad=0.12), height - 40, 26)
    left, right = left_margin(y.ticks(), y_label), WIDTH - 24
    x = Scale(min(costs) / 1.15, max(costs) * 1.15, left, right, log=True) if log else Scale(*span(costs), left, right)
    line = [(x(spot.cost), y(spot.value)) for spot in best(spots, higher_is_better=higher_is_better)]
    shapes = [polyline(line, "curve c1")] if len(line) > 1 else []
    for spot in spots:
        place = {"cx": x(spot.cost), "cy": y(spot.value)}
        dot = element("circle", **place, r=6 if spot.chosen else 4, class_="dot c2" if spot.chosen else "dot c1")
        mark = element(
            "text", spot.mark, x=place["cx"] + 8, y=place["cy"] - 6, class_="label strong" if spot.chosen else "label"
        )
        shapes.append(element("g", element("title", spot.name), dot, mark))
    frame = Frame(x, y, y_label=y_label, x_title=x_title, y_title=y_title)
    return drawing(frame.draw(), *shapes, title=title, height=height)


def best(spots: Sequence[Spot], *, higher_is_better: bool = True) -> list[Spot]:
    """Those that no other beats in both, cheapest first.

    >>> [spot.mark for spot in best([Spot(3, 0.9, "a", ""), Spot(1, 0.7, "b", ""), Spot(2, 0.6, "c", "")])]
    ['b', 'a']
    """
    sign, kept = 1 if higher_is_better else -1, []
    for spot in sorted(spots, key=lambda spot: (spot.cost, -sign * spot.value)):
        if not kept or sign * spot.value > sign * kept[-1].value:
            kept.append(spot)
    return kept

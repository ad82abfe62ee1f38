"""ROC and precision–recall curves: what is found at the price of which false alarms, at every threshold."""

from itertools import pairwise
from typing import Any

from fukami.core.language import N_, _
from fukami.report.charts.curve import curves
from fukami.report.charts.lines import Line
from fukami.report.content import Content

TITLE = N_("Trading one mistake for another")


def build(content: Content) -> dict[str, Any] | None:
    told = content.evaluation.get("curves") or {}
    charts = [_roc(_drawn(told, "roc")), _pr(_drawn(told, "pr"))]
    charts = [chart for chart in charts if chart is not None]
    return {"charts": charts} if charts else None


def _drawn(told: dict[str, Any], kind: str) -> list[Line]:
    """The one curve; or one for each class, the one with the least area drawn last and in a colour of its own."""
    if told.get(kind):
        return [Line(_("this model"), told[kind])]
    classes = {label: both[kind] for label, both in (told.get("classes") or {}).items() if both.get(kind)}
    if not classes:
        return []
    ranked = sorted(classes, key=lambda label: area(classes[label]), reverse=True)
    others = [Line(_("other classes") if label == ranked[-2] else label, classes[label], "c5") for label in ranked[:-1]]
    return [*others, Line(_("least area: {label}").format(label=ranked[-1]), classes[ranked[-1]], "c1")]


def area(points: list[list[float]]) -> float:
    """Area below a curve, by trapezoids.

    >>> area([[0.0, 0.0], [1.0, 1.0]])
    0.5
    """
    return sum((b[0] - a[0]) * (a[1] + b[1]) / 2 for a, b in pairwise(points))


def _roc(drawn: list[Line]) -> dict[str, Any] | None:
    chart = curves(drawn, title=_("ROC curve"), x_title=_("false alarms"), y_title=_("found"), guide=((0.0, 0.0), (1.0, 1.0)))
    return _titled(_("ROC curve"), _("cases found, against false alarms among the others"), chart)


def _pr(drawn: list[Line]) -> dict[str, Any] | None:
    chart = curves(drawn, title=_("precision–recall curve"), x_title=_("found (recall)"), y_title=_("right (precision)"))
    return _titled(
        _("Precision–recall curve"), _("how many of the answers with this class are right, against cases found"), chart
    )


def _titled(title: str, aside: str, chart: str) -> dict[str, Any] | None:
    return {"title": title, "aside": aside, "chart": chart} if chart else None

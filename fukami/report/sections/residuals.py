"""For answers that are numbers: target against answer, and how the errors are spread."""

import math
from collections.abc import Sequence
from typing import Any

from fukami.core.language import N_, _
from fukami.report.charts.histogram import histogram
from fukami.report.charts.scatter import scatter
from fukami.report.content import Content

TITLE = N_("How far off it is")
BINS = 31


def build(content: Content) -> dict[str, Any] | None:
    told = content.evaluation.get("residuals") or {}
    points = [(float(t), float(a)) for t, a in told.get("points") or [] if math.isfinite(t) and math.isfinite(a)]
    edges, counts = _histogram(told, points)
    charts = []
    if points:
        chart = scatter(points, title=_("target against answer"), x_title=_("target"), y_title=_("answer"))
        aside = _("each point is one example; exact answers lie on the dashed line")
        charts.append({"title": _("Target and answer"), "aside": aside, "chart": chart})
    chart = histogram(edges, counts, title=_("histogram of errors"), x_title=_("answer − target"), y_title=_("examples"))
    if chart:
        charts.append({"title": _("Errors"), "aside": _("right of zero the model answers too much"), "chart": chart})
    return {"charts": charts} if charts else None


def _histogram(told: dict[str, Any], points: Sequence[tuple[float, float]]) -> tuple[list[float], list[int]]:
    """The given histogram, else one of the given points."""
    given = told.get("histogram") or {}
    if given.get("counts"):
        return [float(e) for e in given["edges"]], [int(n) for n in given["counts"]]
    errors = [answer - target for target, answer in points]
    if not errors or min(errors) == max(errors):
        return [], []
    low, width = min(errors), (max(errors) - min(errors)) / BINS
    counts = [0] * BINS
    for error in errors:
        counts[min(int((error - low) / width), BINS - 1)] += 1
    return [low + i * width for i in range(BINS + 1)], counts

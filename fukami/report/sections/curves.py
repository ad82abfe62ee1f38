"""ROC and precision–recall curves, where the evaluation drew them."""

from typing import Any

from fukami.core.language import N_, _
from fukami.report.charts.curve import curve
from fukami.report.content import Content

TITLE = N_("Trading one mistake for another")


def build(content: Content) -> dict[str, Any] | None:
    told = content.evaluation.get("curves") or {}
    charts = []
    if told.get("roc"):
        chart = curve(
            told["roc"],
            title=_("ROC curve"),
            x_title=_("false alarms"),
            y_title=_("found"),
            guide=((0.0, 0.0), (1.0, 1.0)),
        )
        aside = _("share of the cases found, against the share of false alarms among the others")
        charts.append({"title": _("ROC curve"), "aside": aside, "chart": chart})
    if told.get("pr"):
        chart = curve(told["pr"], title=_("precision–recall curve"), x_title=_("found (recall)"), y_title=_("right (precision)"))
        aside = _("share of the alarms that are right, against the share of the cases found")
        charts.append({"title": _("Precision–recall curve"), "aside": aside, "chart": chart})
    return {"charts": charts} if charts else None

"""Forecasts: how errors grow with the steps ahead, which channels are hard, and what a usual and the best one look like."""

from typing import Any

from markupsafe import Markup

from fukami.core.language import N_, _
from fukami.report.charts.lines import Line, lines
from fukami.report.content import Content
from fukami.report.figures import percent, significant

TITLE = N_("Forecasts")
MOST = 40
"""Channels of the table, the hardest first."""


def build(content: Content) -> dict[str, Any] | None:
    told = content.evaluation.get("forecasts")
    if not told:
        return None
    channels = sorted(told["by_channel"], key=lambda row: -row["scaled_mse"])
    steps = range(1, len(told["by_step"]["scaled_mse"]) + 1)
    curves = [
        Line(_("squared"), list(zip(steps, told["by_step"]["scaled_mse"], strict=True)), "c1"),
        Line(_("absolute"), list(zip(steps, told["by_step"]["scaled_mae"], strict=True)), "c2"),
    ]
    chart = lines(curves, title=_("errors by steps ahead"), x_title=_("steps ahead"), low=0.0)
    aside = _("mean errors in deviations of the training part")
    kinds = (_("A usual one"), _("The best one"))
    shown = [
        {"title": title, "html": Markup(row["html"]), "where": str(row.get("where") or "")}
        for title, row in zip(kinds, content.typical, strict=False)
    ]
    band = told.get("band")
    return {
        "charts": [{"title": _("Errors by steps ahead"), "aside": aside, "chart": chart}],
        "rows": [_row(row) for row in channels[:MOST]],
        "shown": shown,
        "band": ""
        if band is None
        else _("{inside} of the values lie between low and high, which were chosen for {wanted}.").format(
            inside=percent(band["inside"]), wanted=percent(band["wanted"])
        ),
    }


def _row(told: dict[str, Any]) -> dict[str, Any]:
    cells = [significant(told[name]) for name in ("scaled_mse", "scaled_mae", "rmse", "mae")]
    return {"channel": told["channel"], "cells": cells, "inside": percent(told["inside"]) if "inside" in told else "–"}

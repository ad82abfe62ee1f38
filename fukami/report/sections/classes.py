"""Every class on its own, the weakest first, for that is where the work lies."""

from typing import Any

from fukami.core.language import N_, _
from fukami.report.content import Content
from fukami.report.figures import count, figure, percent

TITLE = N_("Class by class")
MOST = 40


def build(content: Content) -> dict[str, Any] | None:
    told = content.evaluation.get("per_class") or []
    if not told:
        return None
    ranked = sorted(told, key=lambda row: (_value(row, "f1"), str(row.get("label"))))
    rows = [
        {
            "label": str(row.get("label", "")),
            "cells": [_cell(row, name) for name in ("precision", "recall", "f1")],
            "share": _value(row, "f1"),
            "support": count(row.get("support") or 0),
        }
        for row in ranked[:MOST]
    ]
    left = len(ranked) - len(rows)
    rest = _("{count} further classes do at least as well as the last one here.").format(count=count(left)) if left else ""
    return {"rows": rows, "rest": rest}


def _value(row: dict[str, Any], name: str) -> float:
    told = figure(row.get(name))
    return 0.0 if told is None else told.value


def _cell(row: dict[str, Any], name: str) -> str:
    told = figure(row.get(name))
    return "–" if told is None else percent(told.value)

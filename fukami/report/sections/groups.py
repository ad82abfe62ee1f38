"""Whether it serves everybody equally: the metrics for each value of the columns that were asked for."""

from typing import Any

from fukami.core.language import N_, _, _n
from fukami.report.charts.bars import Bar, bars
from fukami.report.content import Content
from fukami.report.figures import Figure, count, data, figure, is_ratio, label, shown, shown_range

TITLE = N_("Group by group")
MOST_VALUES = 24
MOST_METRICS = 4
FEW = 30
"""Below this many examples a figure says little, and the report says so."""


def build(content: Content) -> dict[str, Any] | None:
    told = content.evaluation.get("groups") or {}
    columns = [_column(content, name, rows) for name, rows in told.items() if rows]
    return {"columns": columns} if columns else None


def _column(content: Content, column: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    names = list(dict.fromkeys(name for row in rows for name in row.get("metrics", {})))
    names = sorted(names, key=lambda name: name != content.headline)[:MOST_METRICS]
    shown_rows = rows[:MOST_VALUES]
    first = names[0] if names else ""
    table = [
        {
            "value": str(row.get("value")),
            "examples": count(row.get("examples") or 0),
            "cells": [_cell(name, figure(row["metrics"].get(name))) for name in names],
        }
        for row in shown_rows
    ]
    rest = len(rows) - len(shown_rows)
    return {
        "name": column,
        "chart": _chart(column, first, shown_rows),
        "difference": _difference(first, shown_rows),
        "names": names,
        "rows": table,
        "rest": _("{count} further groups are not shown.").format(count=count(rest)) if rest else "",
    }


def _cell(name: str, told: Figure | None) -> dict[str, Any]:
    return {"figure": "–", "range": ""} if told is None else {"figure": data(name, told), "range": shown_range(name, told)}


def _chart(column: str, name: str, rows: list[dict[str, Any]]) -> str:
    drawn = []
    for row in rows:
        told, examples = figure(row.get("metrics", {}).get(name)), row.get("examples") or 0
        if told is not None:
            many = (
                _n("{count} example", "{count} examples", examples, count=count(examples))
                if examples >= FEW
                else _n("only {count} example", "only {count} examples", examples, count=examples)
            )
            drawn.append(Bar(str(row.get("value")), told, shown(name, told.value), many, "c1" if examples >= FEW else "c5"))
    title = _("{metric} for each value of {column}").format(metric=label(name), column=column)
    return bars(drawn, title=title, high=1.0 if is_ratio(name) else None)


def _difference(name: str, rows: list[dict[str, Any]]) -> str:
    """Whether the farthest groups differ by more than their intervals allow. Nothing where intervals are missing."""
    found = [(figure(row.get("metrics", {}).get(name)), str(row.get("value"))) for row in rows]
    known = [(told.value, told.low, told.high, value) for told, value in found if told is not None and told.has_interval]
    if len(known) < 2:
        return ""
    least, most = min(known), max(known)
    words = {"low": least[3], "high": most[3]}
    if (least[2] or 0.0) < (most[1] or 0.0):
        return _("“{low}” and “{high}” differ by more than chance explains.").format(**words)
    return _("The intervals overlap: the differences may be chance.")

"""Which columns the answers rest on."""

from typing import Any

from fukami.core.language import N_, _
from fukami.report.charts.bars import Bar, bars
from fukami.report.content import Content
from fukami.report.figures import count, figure, significant

TITLE = N_("What it looks at")
MOST = 15


def build(content: Content) -> dict[str, Any] | None:
    told = content.evaluation.get("importance") or {}
    found = [(str(one["name"]), value) for one in told.get("columns") or [] if (value := figure(one.get("value"))) is not None]
    if not found:
        return None
    drawn = [Bar(name, value, significant(value.value, digits=2)) for name, value in found[:MOST]]
    rest = len(found) - len(drawn)
    return {
        "advice": _("For each column: {measure}, over {examples} held-out examples.").format(
            measure=told.get("measure", ""), examples=count(told.get("examples") or 0)
        ),
        "chart": bars(drawn, title=_("importance of the columns")),
        "rest": _("{count} further columns matter less.").format(count=count(rest)) if rest else "",
    }

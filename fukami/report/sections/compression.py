"""The forms that a search for a budget has made and measured: what each costs, what it is worth, which was taken."""

from typing import Any

from fukami.core.cards import cards
from fukami.core.language import N_, _
from fukami.metrics.points import told as in_words
from fukami.report.charts.axes import number_label, percent_label
from fukami.report.charts.frontier import Spot, frontier
from fukami.report.content import Content
from fukami.report.figures import figure, is_ratio, label, shown

TITLE = N_("What was tried for the budget")


def build(content: Content) -> dict[str, Any] | None:
    table = content.run.get("compressed", {}).get("pareto") or []
    if not table:
        return None
    name = content.headline
    costs = (("latency_ms", 1.0, _("milliseconds for one example")), ("bytes", 1e6, _("megabytes")))
    charts = [
        {"title": title, "aside": _("no form beats those on the line in both"), "chart": chart}
        for key, unit, title in costs
        if (chart := _chart(table, key, unit, name, title))
    ]
    return {"charts": charts, "rows": [_row(place, line, name) for place, line in enumerate(table, 1)], "metric": name}


def _chart(table: list[dict[str, Any]], key: str, unit: float, name: str, title: str) -> str:
    spots = [
        Spot(line[key] / unit, told.value, str(place), line["how"], line["chosen"])
        for place, line in enumerate(table, 1)
        if line[key] is not None and (told := figure(line["value"])) is not None
    ]
    written = percent_label if is_ratio(name) else number_label
    card = cards("metrics").get(name)
    better = card is None or card.higher_is_better
    return frontier(spots, higher_is_better=better, title=title, x_title=title, y_title=label(name), y_label=written)


def _row(place: int, line: dict[str, Any], name: str) -> dict[str, Any]:
    told = figure(line["value"])
    if line.get("why"):
        return {"mark": place, "how": line["how"], "ms": "–", "size": "–", "value": "–", "change": line["why"], "tag": ""}
    return {
        "mark": place,
        "how": line["how"],
        "ms": f"{line['latency_ms']:.3g}",
        "size": f"{line['bytes'] / 1e6:.2f}",
        "value": "–" if told is None else shown(name, told.value, digits=2),
        "change": in_words(line["drops"].get(name, 0.0)),
        "tag": _("taken") if line["chosen"] else _("meets the budget") if line["meets"] else "",
    }

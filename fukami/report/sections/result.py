"""The headline figure in words, whether it beats the simple methods, and every metric beside them."""

from collections.abc import Mapping
from typing import Any

from fukami.core.language import N_, _, listed
from fukami.report.charts.axes import number_label, percent_label
from fukami.report.charts.bars import Bar
from fukami.report.charts.intervals import intervals
from fukami.report.content import Content
from fukami.report.figures import (
    Figure,
    baseline_label,
    count,
    data,
    figure,
    is_bound,
    is_ratio,
    label,
    meaning,
    metric_card,
    paragraph,
    shown,
    shown_range,
)

TITLE = N_("The result")


def build(content: Content) -> dict[str, Any] | None:
    metrics = content.metrics
    if not metrics:
        return None
    name, told = next(iter(metrics.items()))
    rivals = baselines_of(content, name)
    return {
        "name": name,
        "meaning": meaning(name),
        "figure": data(name, told),
        "range": shown_range(name, told),
        "say": paragraph(sentences(content)),
        "verdict": verdict(name, told, rivals, apart_of(content)),
        "chart": _chart(name, told, rivals),
        "table": _table(content),
        "baselines": [baseline_label(b) for b in content.baselines],
    }


def baselines_of(content: Content, metric: str) -> dict[str, Figure]:
    """Baseline name → its figure of `metric`, where it was measured."""
    found = {name: figure(told.get(metric)) for name, told in content.baselines.items()}
    return {name: told for name, told in found.items() if told is not None}


def apart_of(content: Content) -> dict[str, Figure]:
    """Baseline name → by how much the model's headline is more than its own, with the interval of the same examples."""
    found = {name: figure(told) for name, told in content.proofs.get("baselines", {}).get("apart", {}).items()}
    return {name: told for name, told in found.items() if told is not None}


def ranked(metric: str, rivals: dict[str, Figure]) -> list[str]:
    """Names of the baselines, the best first; in the order given where the metric's direction is not known."""
    card = metric_card(metric)
    sign = 0 if card is None else (-1 if card.higher_is_better else 1)
    return sorted(rivals, key=lambda name: sign * rivals[name].value)


def sentences(content: Content) -> list[str]:
    """The headline told to somebody who has never heard of it: the figure, its interval, the best simple method."""
    metrics = content.metrics
    if not metrics:
        return []
    name, told = next(iter(metrics.items()))
    card = metric_card(name)
    pattern = (
        _(card.sentence) if card is not None and card.sentence else _("{name} is {value} on {examples} held-out examples.")
    )
    examples = count(content.evaluation.get("examples", 0))
    out = [pattern.format(name=label(name), value=shown(name, told.value), examples=examples)]
    if told.low is not None and told.high is not None:
        out.append(
            _("With other examples of the same kind it would probably lie between {low} and {high}.").format(
                low=shown(name, told.low), high=shown(name, told.high)
            )
        )
    rivals = baselines_of(content, name)
    if rivals:
        told_rivals = [f"{baseline_label(r)} {shown(name, rivals[r].value)}" for r in ranked(name, rivals)]
        out.append(_("On the same examples, {rivals}.").format(rivals=listed(told_rivals)))
    return out


def verdict(
    metric: str, told: Figure, rivals: dict[str, Figure], apart: Mapping[str, Figure] | None = None
) -> dict[str, str] | None:
    """Whether the model beats the best baseline: `good`, `unsure` or `bad`, with a sentence. None without baselines.

    `good` asks that the whole interval lies on the better side: that of the difference example by example where it is known
    (`apart`), else the model's own.
    """
    card = metric_card(metric)
    rivals = {name: value for name, value in rivals.items() if not is_bound(name)}
    if not rivals or card is None:
        return None
    rival = ranked(metric, rivals)[0]
    sign = 1 if card.higher_is_better else -1
    value = rivals[rival].value
    ends = [told.value if end is None else end for end in (told.low, told.high)]
    near = min(sign * end for end in ends) - sign * value
    ahead = (apart or {}).get(rival)
    if ahead is not None and ahead.low is not None and ahead.high is not None:
        near = min(sign * ahead.low, sign * ahead.high)
    words = {"name": baseline_label(rival), "value": shown(metric, value)}
    if near > 0 and told.has_interval:
        return {"level": "good", "text": _("Better than every simple method, by more than chance explains.").format(**words)}
    if sign * told.value > sign * value:
        return {
            "level": "unsure",
            "text": _(
                "Ahead of the best simple method ({name}, {value}), but chance could explain it. More examples would tell."
            ).format(**words),
        }
    return {
        "level": "bad",
        "text": _(
            "Not better than the best simple method ({name}, {value}). Until that changes, use the simple method."
        ).format(**words),
    }


def _chart(name: str, told: Figure, rivals: dict[str, Figure]) -> str:
    if not rivals:
        return ""
    card = metric_card(name)
    rows = [Bar(_("this model"), told, shown(name, told.value), shown_range(name, told), "c1")]
    for rival in ranked(name, rivals):
        rows.append(Bar(baseline_label(rival), rivals[rival], shown(name, rivals[rival].value), class_="c5"))
    written = percent_label if is_ratio(name) else number_label
    title = _("{metric} of this model beside simple methods").format(metric=label(name))
    low, high = (card.low, card.high) if card is not None else (None, None)
    return intervals(rows, title=title, label=written, low=low, high=high)


def _table(content: Content) -> list[dict[str, Any]]:
    rows = []
    for name, told in content.metrics.items():
        card = metric_card(name)
        rivals = [figure(values.get(name)) for values in content.baselines.values()]
        rows.append(
            {
                "name": name,
                "meaning": meaning(name),
                "better": "" if card is None else (_("higher is better") if card.higher_is_better else _("lower is better")),
                "figure": data(name, told),
                "range": shown_range(name, told),
                "rivals": ["" if rival is None else data(name, rival) for rival in rivals],
            }
        )
    return rows

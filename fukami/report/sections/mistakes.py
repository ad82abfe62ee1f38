"""The mistakes it was surest of, or farthest off in. Often the label is wrong, not the model."""

from typing import Any

from markupsafe import Markup

from fukami.core.language import N_, _
from fukami.report.content import Content
from fukami.report.figures import Figure, count, figure, percent, significant

TITLE = N_("The worst mistakes")
MOST_BYTES = 600_000
"""Of pictures in one report, which keeps the file under a megabyte."""


def build(content: Content) -> dict[str, Any] | None:
    told = content.pictures or [{**row, "html": ""} for row in content.evaluation.get("mistakes") or []]
    if not told:
        return None
    cards, size = [], 0
    for row in told:
        html = str(row.get("html") or "")
        size += sum(len(fragment) for fragment in (row.get("drawn") or {}).values())
        size += len(html.encode("utf-8", "replace"))
        if size > MOST_BYTES:
            break
        cards.append(_card(row, html))
    left = len(told) - len(cards)
    rest = _("{count} more are left out to keep this file small.").format(count=count(left)) if left else ""
    wordy = not any("<img" in card["html"] for card in cards)
    return {
        "cards": cards,
        "rest": rest,
        "wordy": wordy,
        "advice": _("Look at these first: often it is the label that is wrong, not the model."),
    }


def _card(row: dict[str, Any], html: str) -> dict[str, Any]:
    """Fields render complete, escaped fragments (`Field.render`), so these are taken as markup."""
    score, drawn = figure(row.get("score")), row.get("drawn") or {}
    sure = score is not None and 0 <= score.value <= 1 and figure(row.get("answer")) is None
    return {
        "html": Markup(html),
        "words": "target" in row,
        "target": Markup(drawn.get("target") or "") or said(row.get("target")),
        "answer": Markup(drawn.get("answer") or "") or said(row.get("answer")),
        "sure": _ranked(row, score) or (_("{share} sure").format(share=percent(score.value)) if sure and score else ""),
        "where": str(row.get("where") or ""),
    }


def _ranked(row: dict[str, Any], score: Figure | None) -> str:
    """Where an example stands among the others, which are not all mistakes."""
    rank = str(row.get("rank") or "")
    return f"{_(rank)}: {percent(score.value)}" if rank and score else ""


def said(value: Any) -> str:
    """A target or an answer in words: labels as they are, several joined, numbers with four digits."""
    told = figure(value)
    if told is not None:
        return significant(told.value)
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value)) or _("none")
    return _("nothing") if value is None else str(value)

"""What people are answered, where what is judged is something else: a text that was written, beside how likely texts are."""

from typing import Any

from markupsafe import Markup

from fukami.core.language import N_, _
from fukami.fields.answers import words
from fukami.report.content import Content

TITLE = N_("Some of its answers")


def build(content: Content) -> dict[str, Any] | None:
    told = content.evaluation.get("samples") or []
    if not told:
        return None
    cards = [
        {"html": Markup(one.get("html") or ""), "answer": words(one["answer"]), "where": str(one.get("where") or "")}
        for one in told
    ]
    return {"cards": cards, "advice": _("These inputs were kept aside; nothing of the answers was chosen.")}

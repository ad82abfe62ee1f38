"""How a written text was compared with its reference: sacreBLEU's signatures, and whether answers are as long as references."""

from typing import Any

from fukami.core.language import N_, _
from fukami.core.percent import percent
from fukami.report.content import Content

TITLE = N_("How it was counted")


def build(content: Content) -> dict[str, Any] | None:
    told = content.evaluation.get("signatures") or {}
    if not told:
        return None
    ratio = content.evaluation.get("length_ratio")
    return {
        "rows": [{"metric": str(name), "signature": str(signature)} for name, signature in told.items()],
        "advice": _("A figure compares with figures of the same signature alone."),
        "length": "" if ratio is None else _("Answers are {share} as long as their references.").format(share=percent(ratio)),
    }

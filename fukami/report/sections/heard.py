"""How what was heard differs from what was said: kinds of errors, the most frequent ones, letters never learned, the time."""

from typing import Any

from fukami.core.language import N_, _, _n
from fukami.core.percent import percent
from fukami.report.content import Content

TITLE = N_("What was misheard")


def build(content: Content) -> dict[str, Any] | None:
    told = content.evaluation.get("errors") or {}
    if "left_out" not in told:
        return None
    said, factor = max(told["said"], 1), content.evaluation.get("real_time_factor")
    unknown = content.evaluation.get("unknown_letters") or []
    kinds = (("replaced", _("replaced")), ("left_out", _("left out")), ("put_in", _("put in")))
    time = (
        "" if factor is None else _("Answering took {factor} s for each second of a recording.").format(factor=f"{factor:.3g}")
    )
    strange = _("Letters that no training text had: {letters}").format(letters=" ".join(unknown)) if unknown else ""
    return {
        "lead": " ".join(filter(None, (_n("{n} word was said.", "{n} words were said.", told["said"]), time, strange))),
        "kinds": [{"kind": label, "count": told[name], "share": percent(told[name] / said)} for name, label in kinds],
        "confused": content.evaluation.get("confused") or [],
        "said": _("said"),
        "heard": _("heard"),
    }

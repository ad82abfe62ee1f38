"""What the doctor found in the data, the gravest first, each with its mend."""

from typing import Any

from fukami.core.language import N_, _
from fukami.core.problems import SEVERITIES
from fukami.report.content import Content
from fukami.report.figures import count

TITLE = N_("What is wrong with the data")
_NAMES = {"error": N_("error"), "warning": N_("warning"), "note": N_("note")}
MOST = 60


def build(content: Content) -> dict[str, Any] | None:
    told = content.problems
    if not told:
        return None
    ranked = sorted(told, key=lambda p: SEVERITIES.index(p["severity"]) if p.get("severity") in SEVERITIES else len(SEVERITIES))
    rows = [
        {
            **{key: str(p.get(key) or "") for key in ("code", "what", "where", "expected", "got", "fix")},
            "severity": p.get("severity", "note"),
            "name": _(_NAMES.get(str(p.get("severity")), "")),
            "many": _("{count} examples").format(count=count(p["count"])) if (p.get("count") or 1) > 1 else "",
        }
        for p in ranked[:MOST]
    ]
    left = len(ranked) - len(rows)
    return {
        "rows": rows,
        "rest": _("{count} more; `fukami check` lists them all.").format(count=count(left)) if left else "",
        "names": {"where": _("where"), "expected": _("expected"), "got": _("got"), "fix": _("mend")},
    }

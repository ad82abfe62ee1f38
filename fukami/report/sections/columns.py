"""The table as it was understood: of each column what it was read as, and what became of it."""

from typing import Any

from fukami.core.language import N_, _
from fukami.core.percent import percent
from fukami.report.content import Content
from fukami.report.figures import count

TITLE = N_("The table as it was understood")
MOST = 100


def build(content: Content) -> dict[str, Any] | None:
    told = content.columns
    if not told:
        return None
    rows = [
        {
            **{key: str(row.get(key) or "") for key in ("column", "read", "example", "became", "option")},
            "missing": percent(row["missing"]) if row.get("missing") else "–",
            "distinct": "–" if row.get("distinct") is None else count(row["distinct"]),
        }
        for row in told[:MOST]
    ]
    left = len(told) - len(rows)
    return {"rows": rows, "rest": _("{count} further columns are not shown.").format(count=count(left)) if left else ""}

"""What was used: the versions of everything, and what the fields learned from the training data."""

from typing import Any

from fukami.core.language import N_
from fukami.report.content import Content
from fukami.report.sections.proofs import flat, text

TITLE = N_("Versions")


def build(content: Content) -> dict[str, Any] | None:
    versions = content.run.get("versions") or {}
    if not versions:
        return None
    return {"rows": list(flat(versions)) if isinstance(versions, dict) else [("", text(versions))]}

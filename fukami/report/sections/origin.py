"""What was used: the model's origin, and the versions of everything that took part."""

from typing import Any

from fukami.core.language import N_, _
from fukami.report.content import Content
from fukami.report.sections.proofs import flat, text

TITLE = N_("Versions")
_NAMES = {
    "name": N_("model"),
    "family": N_("family"),
    "size": N_("size"),
    "source": N_("source"),
    "licence": N_("licence"),
    "parameters": N_("parameters"),
}


def build(content: Content) -> dict[str, Any] | None:
    versions, model = content.run.get("versions") or {}, content.run.get("model") or {}
    rows = (
        [(_(str(_NAMES.get(key, key))), text(value)) for key, value in model.items() if value]
        if isinstance(model, dict)
        else []
    )
    rows += [(name, told) for name, told in flat(versions) if told != "–"]
    return {"rows": rows} if rows else None

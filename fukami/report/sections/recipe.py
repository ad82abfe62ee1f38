"""Every choice of the training, what was chosen by hand marked; folded away, since few will want it."""

from typing import Any

from fukami.core.language import N_, _
from fukami.core.recipe import SECTIONS, option_names
from fukami.report.content import Content
from fukami.report.sections.proofs import text

TITLE = N_("The recipe")
_NAMES = {"data": N_("data"), "model": N_("model"), "learning": N_("learning"), "plan": N_("machine")}


def build(content: Content) -> dict[str, Any] | None:
    told, chosen = content.recipe, set(content.recipe.get("chosen", ()))
    parts = []
    for name in (key for key in told if isinstance(told[key], dict) and key != "fields"):
        docs = {key: _(f.metadata["doc"]) for key, f in option_names(SECTIONS[name]).items()} if name in SECTIONS else {}
        parts.append({"name": _(_NAMES.get(name, name)), "rows": _rows(told[name], docs, chosen)})
    for name, options in told.get("fields", {}).items():
        parts.append({"name": name, "rows": _rows(options, {}, chosen)})
    return {"parts": parts, "num_chosen": len(chosen)} if parts else None


def _rows(options: dict[str, Any], docs: dict[str, str], chosen: set[str]) -> list[dict[str, Any]]:
    rows = []
    for key, value in options.items():
        shown = ", ".join(f"{k} = {text(v)}" for k, v in value.items()) if isinstance(value, dict) else _value(value)
        mine = key in chosen or (isinstance(value, dict) and not chosen.isdisjoint(value))
        rows.append({"name": key, "value": shown or "–", "doc": docs.get(key, ""), "chosen": mine})
    return rows


def _value(value: Any) -> str:
    """Numbers exactly as the recipe has them, so that they can be typed again."""
    return (
        f"{value:g}"
        if isinstance(value, float) and float(f"{value:g}") == value
        else str(value)
        if isinstance(value, (int, float)) and not isinstance(value, bool)
        else text(value)
    )

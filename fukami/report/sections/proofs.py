"""What is claimed about this run, how each claim was tested, and the figures."""

import json
from collections.abc import Iterator
from typing import Any

from fukami.core.language import N_, _, _n
from fukami.report.content import Content
from fukami.report.figures import plain

TITLE = N_("Proofs")
_TITLES = {
    "split": N_("No example stands in two parts"),
    "baselines": N_("Simple methods, measured alike"),
    "calibration": N_("Confidence corrected"),
    "intervals": N_("Every figure with its interval"),
    "resume": N_("Interrupted and resumed, the same weights"),
    "parity": N_("Exported and compressed, the same answers"),
    "compression": N_("Compressed, and as good"),
}
_WORDS = ("claim", "test", "how", "held", "holds")
MOST_FIGURES = 24


def build(content: Content) -> dict[str, Any] | None:
    if not content.proofs:
        return None
    return {"proofs": [_proof(name, told) for name, told in content.proofs.items()]}


def _proof(name: str, told: dict[str, Any]) -> dict[str, Any]:
    """One proof. `claim`, `test` (or `how`) and `held` (or `holds`) are words; everything else is a figure."""
    holds: Any = told["held"] if "held" in told else told.get("holds")
    mark = ("", "") if holds is None else ("good", _("holds")) if holds else ("bad", _("does not hold"))
    figures = list(flat({key: value for key, value in told.items() if key not in _WORDS}))
    return {
        "name": name,
        "title": _(_TITLES[name]) if name in _TITLES else name,
        "claim": _(str(told.get("claim") or "")),
        "how": _(str(told.get("test") or told.get("how") or "")),
        "level": mark[0],
        "mark": mark[1],
        "figures": figures[:MOST_FIGURES],
        "rest": _("{count} more figures in proofs/{name}.json").format(count=len(figures) - MOST_FIGURES, name=name)
        if len(figures) > MOST_FIGURES
        else "",
    }


def flat(told: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Nested figures as (path, text). Lists are written out only while they are short.

    >>> list(flat({"overlap": {"train": 0}, "seeds": [1, 2]}))
    [('overlap · train', '0'), ('seeds', '1, 2')]
    """
    for key, value in told.items():
        name = f"{prefix}{str(key).replace('_', ' ')}"
        if isinstance(value, dict):
            yield from flat(value, f"{name} · ")
        else:
            yield name, text(value)


def text(value: Any) -> str:
    """One figure as text.

    >>> text(True), text(0.98765), text(12000), text(None)
    ('yes', '0.988', '12,000', '–')
    """
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return plain(value) if value == value and abs(value) != float("inf") else str(value)
    if isinstance(value, (list, tuple)):
        simple = all(not isinstance(part, (dict, list, tuple)) for part in value)
        return (
            ", ".join(text(part) for part in value)
            if simple and len(value) <= 12
            else _n("{count} entry", "{count} entries", len(value), count=len(value))
        )
    return str(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

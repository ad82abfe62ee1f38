"""Pairs of texts for programs without Fukami: what `export/standalone/pair.py` needs besides what reads a text."""

from collections.abc import Sequence
from typing import Any


def portable(name: str, state: dict[str, Any], text: dict[str, Any], *, fixed: bool) -> dict[str, Any]:
    """`text` is what reads one of both, as the text field tells it."""
    before, between, after = state["around"]
    names = [told["name"] for told in state["columns"]]
    return text | {
        "kind": "pair",
        "name": name,
        "code": [*(piece for piece in text["code"] if piece != "text"), "pair"],
        "example": dict.fromkeys(names, "A text."),
        "extensions": [".csv", ".tsv"],
        "columns": names,
        "least_tokens": state["max_tokens"] if fixed else 1,
        "most_tokens": state["each"],
        "around": [before, between, after],
    }


def odd_pairs(names: Sequence[str], texts: Sequence[Any]) -> list[Any]:
    """Each odd text as the second of a pair, and what is no pair at all."""
    pairs = [dict(zip(names, ("a text", text), strict=True)) for text in texts]
    return [*pairs, {names[0].upper(): "One", names[1]: "other"}, {names[0]: "alone"}, {}, "a text", None, ["one", "other"]]

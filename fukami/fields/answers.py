"""Answers as target fields restore them, told to people in a few words."""

from typing import Any

from fukami.core.language import _


def words(answer: dict[str, Any]) -> str:
    """What is answered, without how sure it is.

    >>> words({"label": "cat", "score": 0.95123}), words({"labels": ["red", "round"]}), words({"value": 206855.8})
    ('cat', 'red, round', '206,856')
    >>> words({"mask": "data:image/png;base64,iVBORw0KGgo"})
    'a picture'
    """
    return _told(next((part for part in answer.values() if not isinstance(part, dict)), ()))


def sureness(answer: dict[str, Any]) -> float | None:
    """The probability of what is answered, where there is one for the whole answer.

    >>> sureness({"label": "cat", "score": 0.95123}), sureness({"value": 206855.8})
    (0.95123, None)
    """
    return answer.get("score")


def short(answer: dict[str, Any]) -> str:
    """An answer without what it says of every class: the label and how sure it is, the labels, the value.

    >>> short({"label": "cat", "score": 0.95123, "scores": {"cat": 0.95123, "dog": 0.04877}})
    'cat (0.9512)'
    >>> short({"labels": ["red", "round"], "scores": {"red": 0.9}}), short({"labels": []}), short({"value": 206855.8})
    ('red, round', '–', '206,856')
    """
    sure = sureness(answer)
    return words(answer) if sure is None else f"{words(answer)} ({_told(sure)})"


def _told(part: Any) -> str:
    if isinstance(part, float):
        return f"{part:,.6g}" if abs(part) >= 1 else f"{part:.4g}"
    if isinstance(part, (list, tuple)):
        return ", ".join(map(str, part)) or "–"
    if isinstance(part, str) and part.startswith("data:image/"):
        return _("a picture")
    if isinstance(part, str) and part.startswith("data:audio/"):
        return _("a recording")
    return str(part)

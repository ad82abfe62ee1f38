"""What a look for a symptom gives: figures always, a finding where there is something to mend."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A cause that was found. `cause` is the name of a card in `symptoms/`, `score` how sure it is (0 to 1).

    `what` says in one sentence what is wrong, `evidence` are the figures that it rests on, `fix` is one command or edit that
    mends it. `follows` is the cause that explains this one, where there is one.
    """

    cause: str
    code: str
    score: float
    what: str
    evidence: dict[str, Any]
    fix: str
    follows: str = ""


@dataclass(frozen=True)
class Look:
    """One symptom looked for: the figures, and what was found."""

    figures: dict[str, Any] = field(default_factory=dict)
    finding: Finding | None = None


class LeftOut(Exception):
    """A symptom could not be looked for. The reason is one sentence, translated."""


def short(value: float) -> float:
    """A figure as evidence shows it.

    >>> short(0.0123456), short(98765.4)
    (0.0123, 98800.0)
    """
    return float(f"{value:.3g}")

"""What a file of `methods/` offers: a `CARD`, and one function.

    weigh(case) -> Weights          where its scope is `input`: one answer
    survey(cohort) -> Survey        where its scope is `set`: many examples together

Either raises `UsageError` F-EXPLAIN-FIT where the network cannot be explained so, naming what fits instead.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fukami.core.cards import cards
from fukami.core.errors import UsageError
from fukami.core.language import _


@dataclass(frozen=True)
class Weights:
    """How much each of U units speaks for the answer.

    `signed` says whether negative weights speak against it; without a sign they say how much a unit matters. `detail` are
    weights of single elements (pixels), where the method has them. `base` is the margin where nothing is known of the input, if
    the weights add up from there to the answer's own.
    """

    weights: np.ndarray
    signed: bool = True
    detail: np.ndarray | None = None
    base: float | None = None


@dataclass(frozen=True)
class Survey:
    """What many examples together say of each of U units: `weights` (U), larger where a unit matters more.

    `measure` says in a sentence what a weight is. `told` is what JSON and the page tell of each unit besides.
    """

    weights: np.ndarray
    measure: str
    told: list[dict[str, Any]] = field(default_factory=list)


def unfit(method: str, reason: str, kind: str) -> UsageError:
    """The error of a method that the network does not allow, with those that ask for answers only."""
    fit = [card for card in cards("explain/methods").values() if kind in card.of and card.looks_at == "answers"]
    usual = max(fit, key=lambda card: len(card.default_for))
    return UsageError(
        "F-EXPLAIN-FIT",
        _("{method} cannot explain this run: {reason}").format(method=method, reason=reason),
        got=method,
        expected=_("one of {names}").format(names=", ".join(card.name for card in fit)),
        fix=f"--method {usual.name}",
    )

"""What a file of `methods/` offers: a `CARD`, and one function.

    weigh(case) -> Weights          where its scope is `input`: one answer
    survey(cohort) -> Survey        where its scope is `set`: many examples together

One that looks at more of a network than its answers has a second function, and `weigh` begins with `require`:

    obstacle(case) -> str           why the network does not allow it, in a sentence; empty where it does
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from fukami.core.cards import METHODS, card, load
from fukami.core.errors import UsageError
from fukami.core.language import _
from fukami.explain.joint import fitting

if TYPE_CHECKING:
    from fukami.explain.case import Case


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

    `measure` says in a sentence what a weight is. `told` is what JSON and the page tell of each unit besides. `notes` say what
    the examples were too few for.
    """

    weights: np.ndarray
    measure: str
    told: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def require(method: str, case: "Case") -> None:
    """Raises `UsageError` F-EXPLAIN-FIT where the network does not allow the method, naming all those that it allows."""
    reason = obstacle(method, case)
    if not reason:
        return
    fit = [name for name in fitting(case.field) if name != method and not obstacle(name, case)]
    raise UsageError(
        "F-EXPLAIN-FIT",
        _("{method} cannot explain this run: {reason}").format(method=method, reason=reason),
        got=method,
        expected=_("one of {names}").format(names=", ".join(fit)),
        fix=f"--method {fit[0]}",
    )


def obstacle(method: str, case: "Case") -> str:
    """What in the network does not allow the method, in a sentence; empty where it fits."""
    return "" if card(METHODS, method).looks_at == "answers" else load(METHODS, method).obstacle(case)

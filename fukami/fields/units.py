"""The parts of one example that an explanation weighs, and their portrait: patches of a picture, tokens of a text, columns.

U units of one example, P patterns of what is taken away.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from torch import nn

FOR, AGAINST = (242, 107, 0), (32, 120, 214)
"""Colours of what speaks for an answer and of what speaks against it; people with any colour vision tell them apart."""


@dataclass(frozen=True)
class Units:
    """The U parts of one example.

    `names` tell each to people. `of` says for every element of the example's tensors (pixel, token, number and category) which
    unit it belongs to, -1 for none. `told` is what else JSON says of each: where it is, what it holds. `layout` is whatever the
    field's own portrait needs. `placed`: an answer lies on the elements, so those that stay keep their places.

    >>> Units(("a", "b"), np.array([0, 1, 1])).summed(np.array([1.0, 2.0, 3.0])).tolist()
    [1.0, 5.0]
    """

    names: tuple[str, ...]
    of: np.ndarray
    told: tuple[dict[str, Any], ...] = ()
    layout: dict[str, Any] = field(default_factory=dict)
    placed: bool = False

    def __len__(self) -> int:
        return len(self.names)

    def summed(self, weights: np.ndarray) -> np.ndarray:
        """Weights of the elements, in the shape of `of` → `weights_U`."""
        inside = self.of >= 0
        return np.bincount(self.of[inside], weights[inside], len(self))

    def averaged(self, weights: np.ndarray) -> np.ndarray:
        """The same, each unit's mean: for weights that say how much an element matters rather than what it adds."""
        inside = self.of >= 0
        return self.summed(weights) / np.maximum(np.bincount(self.of[inside], minlength=len(self)), 1)


class Way(NamedTuple):
    """How an example grows from one that says nothing, for methods that follow the network's gradients along the way.

    `begin` is a batch like the example's own. What grows is the example's tensor, or what `layer` of the network makes of the
    example; either holds the elements of `Units.of`, and besides them features on `axis`, which are added up; None for none.
    """

    begin: Any
    axis: int | None
    layer: "nn.Module | None" = None


@dataclass(frozen=True)
class Portrait:
    """An example drawn with its weights: an HTML fragment that is complete in itself, a PNG, and lines for a terminal."""

    html: str
    png: Callable[[], bytes]
    lines: tuple[str, ...] = ()


def strength(weights: np.ndarray) -> np.ndarray:
    """Weights as shares of the strongest one, -1 to 1.

    >>> strength(np.array([2.0, -4.0])).tolist(), strength(np.zeros(1)).tolist()
    ([0.5, -1.0], [0.0])
    """
    most = float(np.abs(weights).max(initial=0.0))
    return weights / most if most > 0 else np.zeros_like(weights, dtype=float)


def signed(weight: float) -> str:
    """A weight with its sign and three significant digits.

    >>> signed(0.57401), signed(-25741.3), signed(0.0000123), signed(-0.0), signed(0.5)
    ('+0.574', '-25,700', '+1.23e-05', '0', '+0.500')
    """
    if not weight:
        return "0"
    rounded = float(f"{weight:.3g}")
    if not 1e-4 <= abs(rounded) < 1e12:
        return f"{rounded:+.3g}"
    return f"{rounded:+,.{max(0, 2 - math.floor(math.log10(abs(rounded))))}f}"


def css(share: float, *, opacity: float = 0.75) -> str:
    """The colour of a share -1 to 1 as CSS, stronger where it is further from 0."""
    red, green, blue = FOR if share >= 0 else AGAINST
    return f"rgba({red},{green},{blue},{opacity * min(1.0, abs(share)):.2f})"

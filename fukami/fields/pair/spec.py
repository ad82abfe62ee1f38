"""What a model knows of pairs of texts, and where the second one begins.

Shapes: B batch, L tokens.
"""

from dataclasses import dataclass
from typing import Self

import torch

from fukami.core.specs import TokenSpec


@dataclass(frozen=True)
class PairSpec(TokenSpec):
    """Two texts in one row of tokens: a `Tokens(ids_BL, lengths_B)` of cls, the first, sep, the second, sep."""

    kind: str = "pair"
    special: tuple[tuple[str, int], ...] = (("unk", 1), ("cls", 2), ("sep", 3))

    @property
    def divider(self) -> int:
        """The token after whose first occurrence the second text begins."""
        return dict(self.special)["sep"]

    @classmethod
    def reference(cls) -> Self:
        return cls(vocabulary_size=16_000, max_tokens=256)

    @classmethod
    def small(cls) -> Self:
        return cls(vocabulary_size=40, max_tokens=16)


def segments(ids_BL: torch.Tensor, divider: int) -> torch.Tensor:
    """int64 (B, L): 0 up to the first divider and on it, 1 behind it.

    >>> segments(torch.tensor([[2, 7, 3, 8, 3, 0]]), 3).tolist()
    [[0, 0, 0, 1, 1, 1]]
    """
    divides_BL = (ids_BL == divider).long()
    return (divides_BL.cumsum(1) - divides_BL).clamp(max=1)

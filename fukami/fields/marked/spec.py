"""What a model knows of texts with two marked spans, and where they lie.

Shapes: B batch, L tokens.
"""

from dataclasses import dataclass
from typing import Self

import torch

from fukami.core.specs import TokenSpec

ROLES = ("e1", "/e1", "e2", "/e2")
"""What the tokens around both spans are called among a specification's special ones."""


@dataclass(frozen=True)
class MarkedSpec(TokenSpec):
    """A `Tokens(ids_BL, lengths_B)`, in which one token stands before and one after each of two spans."""

    kind: str = "marked"
    special: tuple[tuple[str, int], ...] = (("unk", 1), ("e1", 4), ("/e1", 5), ("e2", 6), ("/e2", 7))

    @property
    def marks(self) -> tuple[int, int, int, int]:
        """The tokens before and after the first span, and before and after the second."""
        known = dict(self.special)
        return known["e1"], known["/e1"], known["e2"], known["/e2"]

    @classmethod
    def reference(cls) -> Self:
        return cls(vocabulary_size=16_000, max_tokens=256)

    @classmethod
    def small(cls) -> Self:
        return cls(vocabulary_size=40, max_tokens=16)


def place_of(ids_BL: torch.Tensor, mark: int) -> torch.Tensor:
    """int64 (B): where a mark stands first; 0 where it is missing.

    >>> place_of(torch.tensor([[8, 4, 9, 5]]), 5).tolist()
    [3]
    """
    return (ids_BL == mark).long().argmax(1)

"""What a model of sentences has to know of their words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Self

from fukami.core.lazily import torch
from fukami.core.specs import Spec


class Words(NamedTuple):
    """A batch of sentences: `looks_BLF` and `letters_BLC` int64, padded with 0; `lengths_B` int64."""

    looks: torch.Tensor
    letters: torch.Tensor
    lengths: torch.Tensor


@dataclass(frozen=True)
class WordSpec(Spec):
    """Sentences as words: a `Words(looks_BLF, letters_BLC, lengths_B)`.

    `sizes` are how many values each of the F looks at a word has, `letters` how many letters there are; 0 where words are not
    spelt. In all of them 0 is padding and 1 is unknown.
    """

    sizes: tuple[int, ...]
    letters: int
    kind: str = "words"

    @classmethod
    def reference(cls) -> Self:
        return cls(sizes=(20_000, 500, 500, 4_000, 500, 4_000), letters=80)

    @classmethod
    def small(cls) -> Self:
        return cls(sizes=(20, 6, 8, 8, 8, 8), letters=12)

"""What a model knows of a question and the text that it is about, and how both are told apart.

Shapes: B batch, L words of question and text, Q words of questions at most, F looks, C letters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Self

from fukami.core.lazily import torch
from fukami.fields.words.spec import Words, WordSpec


class Asked(NamedTuple):
    """A batch of questions, each followed by its text: `looks_BLF` and `letters_BLC` int64, padded with 0; `lengths_B` of
    both together and `asked_B` of the question, int64."""

    looks: torch.Tensor
    letters: torch.Tensor
    lengths: torch.Tensor
    asked: torch.Tensor

    def question(self, most: int) -> Words:
        """The questions, with as many places as the longest may have words: what stands behind a shorter one is padding."""
        real_BQ = torch.arange(min(most, self.looks.shape[1]), device=self.asked.device) < self.asked[:, None]
        looks_BQF, letters_BQC = (x[:, :most] * real_BQ.unsqueeze(2) for x in (self.looks, self.letters))
        return Words(looks_BQF, letters_BQC, self.asked)

    def text(self) -> Words:
        """The texts, with the places of both."""
        length = self.looks.shape[1]
        step_L = torch.arange(length, device=self.asked.device)
        at_BL1 = (self.asked[:, None] + step_L).clamp(max=length - 1).unsqueeze(2)
        lengths_B = self.lengths - self.asked
        real_BL1 = (step_L < lengths_B[:, None]).unsqueeze(2)
        looks, letters = (x.gather(1, at_BL1.expand(-1, -1, x.shape[2])) * real_BL1 for x in (self.looks, self.letters))
        return Words(looks, letters, lengths_B)


@dataclass(frozen=True)
class AskedSpec(WordSpec):
    """As of sentences, and `asked`: how many words a question has at most."""

    kind: str = "question"
    asked: int = 32

    @classmethod
    def small(cls) -> Self:
        return cls(sizes=(20, 6, 8, 8, 8, 8), letters=12, asked=4)

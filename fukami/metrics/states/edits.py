"""Least numbers of edits from what was said to what was heard, added up over a corpus. B examples, R bootstrap replicates.

Error rates are values of a corpus, not means over texts: all edits, by all words (or letters) of the references.
"""

from collections.abc import Hashable, Sequence
from typing import Any, Self

import numpy as np

from fukami.metrics.contract import State, ratio


def edits(left: Sequence[Hashable], right: Sequence[Hashable]) -> int:
    """How many have to be put in, left out or replaced (Levenshtein 1966).

    >>> edits("kitten", "sitting"), edits(["a", "b"], []), edits([], [])
    (3, 2, 0)
    """
    number: dict[Hashable, int] = {}
    a, b = (np.array([number.setdefault(one, len(number)) for one in side], np.int64) for side in (left, right))
    at, row = np.arange(len(b) + 1), np.arange(len(b) + 1)
    for step, one in enumerate(a, 1):
        further = np.minimum(row[:-1] + (b != one), row[1:] + 1)
        # what is put in costs one for each place, so the least way to a place is a running minimum
        row = np.minimum.accumulate(np.concatenate([[step], further]) - at) + at
    return int(row[-1])


class Edits(State):
    """Sums of edits and of what the references hold."""

    def __init__(self, target: Any, replicates: int = 0, *, room: float = 1.0):
        super().__init__(target, replicates, room=room)
        self.wrong_R, self.total_R = np.zeros(1 + replicates), np.zeros(1 + replicates)

    def divided(self, text: str) -> Sequence[str]:
        """What is counted of a text."""
        raise NotImplementedError

    def update(self, answers: Any, truth: Any, weights_RB: np.ndarray, /) -> None:
        pairs = zip(self.target.texts(answers), self.target.texts(truth), strict=True)
        each = [(self.divided(heard), self.divided(said)) for heard, said in pairs]
        self.wrong_R += weights_RB @ np.array([edits(said, heard) for heard, said in each], np.float64)
        self.total_R += weights_RB @ np.array([len(said) for _heard, said in each], np.float64)

    def merge(self, other: Self) -> None:
        self.wrong_R += other.wrong_R
        self.total_R += other.total_R

    def rate(self) -> np.ndarray:
        """Edits for each of what the references hold (1 + R,); NaN where they hold nothing."""
        return ratio(self.wrong_R, self.total_R)


class Words(Edits):
    """Words as the target divides them."""

    def divided(self, text: str) -> Sequence[str]:
        return self.target.divided(text)


class Letters(Edits):
    """Letters, blanks among them."""

    def divided(self, text: str) -> Sequence[str]:
        return text

"""How much tokens surprised: sums of nats, tokens, characters and right guesses. B examples, R bootstrap replicates.

Tokens count alike, however long the passage is that they stand in; replicates draw whole passages, since the tokens of one are
not independent.
"""

from typing import Any, Self

import numpy as np

from fukami.metrics.contract import State, ratio


class Surprise(State):
    """`sums_R4`: nats, tokens, characters, tokens that were the likeliest ones."""

    def __init__(self, target: Any, replicates: int = 0, *, room: float = 1.0):
        super().__init__(target, replicates, room=room)
        self.sums_R4 = np.zeros((1 + replicates, 4))

    def update(self, answers: Any, truth: Any, weights_RB: np.ndarray, /) -> None:
        offsets = answers.offsets
        per_B4 = [sums(answers.columns["nats"], offsets), np.diff(offsets), truth["characters"]]
        self.sums_R4 += weights_RB @ np.stack([*per_B4, sums(answers.columns["right"], offsets)], axis=1).astype(np.float64)

    def merge(self, other: Self) -> None:
        self.sums_R4 += other.sums_R4

    def per_token(self) -> np.ndarray:
        """Nats for each token (1 + R,)."""
        return ratio(self.sums_R4[:, 0], self.sums_R4[:, 1])

    def per_character(self) -> np.ndarray:
        """Nats for each character (1 + R,)."""
        return ratio(self.sums_R4[:, 0], self.sums_R4[:, 2])

    def right(self) -> np.ndarray:
        """Share of the tokens that were the likeliest ones (1 + R,)."""
        return ratio(self.sums_R4[:, 3], self.sums_R4[:, 1])


def sums(values_T: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """float64 (B): the sum of each example's values.

    >>> sums(np.array([1.0, 2.0, 4.0]), np.array([0, 1, 1, 3])).tolist()
    [1.0, 0.0, 6.0]
    """
    reached = np.concatenate([[0.0], np.cumsum(values_T, dtype=np.float64)])
    return reached[offsets[1:]] - reached[offsets[:-1]]

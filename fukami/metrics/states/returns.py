"""What episodes brought, one number for each."""

from typing import Any, Self

import numpy as np

from fukami.metrics.contract import State

MOST = 20_000
"""Episodes that are kept: of more, the first."""


class Episodes(State):
    """Sums of rewards and lengths of every episode, and their weights in each replicate (R, N)."""

    def __init__(self, target: Any, replicates: int = 0, *, room: float = 1.0):
        super().__init__(target, replicates, room=room)
        self.returns_N, self.lengths_N = np.empty(0), np.empty(0)
        self.weights_RN = np.empty((1 + replicates, 0))

    def update(self, answers: Any, truth: Any, weights_RB: np.ndarray, /) -> None:
        self._join(answers["return"], answers["length"], weights_RB)

    def merge(self, other: Self) -> None:
        self._join(other.returns_N, other.lengths_N, other.weights_RN)

    def _join(self, returns: np.ndarray, lengths: np.ndarray, weights_RB: np.ndarray) -> None:
        self.returns_N = np.concatenate([self.returns_N, np.asarray(returns, np.float64)])[:MOST]
        self.lengths_N = np.concatenate([self.lengths_N, np.asarray(lengths, np.float64)])[:MOST]
        self.weights_RN = np.concatenate([self.weights_RN, weights_RB], 1)[:, :MOST]

    def mean(self, values_N: np.ndarray) -> np.ndarray:
        """(1 + R,): weighted means; NaN without any episode."""
        total_R = self.weights_RN.sum(1)
        with np.errstate(invalid="ignore", divide="ignore"):
            return (self.weights_RN @ values_N) / np.where(total_R > 0, total_R, np.nan)

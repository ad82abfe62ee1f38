"""Answers and targets as ranks. All pairs are kept up to a limit; beyond it, a random part of them that grows no more.

B examples, G kept ones, R bootstrap replicates.
"""

from typing import Any, Self

import numpy as np

from fukami.metrics.contract import State
from fukami.metrics.states.correlation import correlated

MOST = 50_000
"""Examples that are kept: the error of a correlation is then below 0.005."""


class Ranks(State):
    """Answers, targets and weights of examples; of more than `MOST` those whose hashed values are the smallest, which neither
    the order of the examples nor their division changes."""

    def __init__(self, target: Any, replicates: int = 0, *, room: float = 1.0):
        super().__init__(target, replicates, room=room)
        self.pairs_G2 = np.zeros((0, 2))
        self.weights_RG = np.zeros((1 + replicates, 0))

    def update(self, scores: np.ndarray, targets: np.ndarray, weights_RB: np.ndarray, /) -> None:
        self._keep(np.stack([scores.astype(np.float64).ravel(), targets.astype(np.float64).ravel()], 1), weights_RB)

    def merge(self, other: Self) -> None:
        self._keep(other.pairs_G2, other.weights_RG)

    def _keep(self, pairs_B2: np.ndarray, weights_RB: np.ndarray) -> None:
        self.pairs_G2 = np.concatenate([self.pairs_G2, pairs_B2])
        self.weights_RG = np.concatenate([self.weights_RG, weights_RB], 1)
        most = max(1000, int(MOST * min(1.0, self.room)))
        if len(self.pairs_G2) > most:
            bits = np.ascontiguousarray(self.pairs_G2 + 0.0).view(np.uint64)
            mixed = (bits[:, 0] * np.uint64(0x9E3779B97F4A7C15)) ^ (bits[:, 1] * np.uint64(0xC2B2AE3D27D4EB4F))
            kept = np.sort(np.argsort(mixed * np.uint64(0xD6E8FEB86659FD93), kind="stable")[:most])
            self.pairs_G2, self.weights_RG = self.pairs_G2[kept], self.weights_RG[:, kept]

    def correlation(self) -> np.ndarray:
        """Spearman's, (1 + R,): Pearson's of the ranks, where equal values share the mean of their places."""
        x_RG, y_RG = (_ranks(self.pairs_G2[:, side], self.weights_RG) for side in (0, 1))
        w_RG = self.weights_RG
        sums = (w_RG, w_RG * x_RG, w_RG * y_RG, w_RG * x_RG**2, w_RG * y_RG**2, w_RG * x_RG * y_RG)
        return correlated(*(one.sum(1) for one in sums))


def _ranks(values_G: np.ndarray, weights_RG: np.ndarray) -> np.ndarray:
    """The place of each value among all, of which one of weight 3 stands there three times, less the middle place.

    >>> _ranks(np.array([5.0, 1.0, 5.0]), np.ones((1, 3))).tolist()
    [[0.5, -1.0, 0.5]]
    """
    distinct, at_G = np.unique(values_G, return_inverse=True)
    held_RD = np.zeros((len(weights_RG), len(distinct)))
    for row, weights_G in enumerate(weights_RG):
        held_RD[row] = np.bincount(at_G, weights_G, len(distinct))
    places_RD = np.cumsum(held_RD, 1) - held_RD / 2 - held_RD.sum(1, keepdims=True) / 2
    return places_RD[:, at_G]

"""How far targets lie from their mean, and answers from the targets. B examples, K numbers of
each (1 mostly), R bootstrap replicates."""

from typing import Any, Self

import numpy as np

from fukami.metrics.contract import State, ratio


class Spread(State):
    """Sums of squares around a running mean, which neither cancel nor overflow where targets are large (Chan et al. 1983)."""

    def __init__(self, target: Any, replicates: int = 0, *, room: float = 1.0):
        super().__init__(target, replicates, room=room)
        self.weights_R, self.means_R = np.zeros(1 + replicates), np.zeros(1 + replicates)
        self.squares_R, self.errors_R = np.zeros(1 + replicates), np.zeros(1 + replicates)

    def update(self, scores: np.ndarray, targets: np.ndarray, weights_RB: np.ndarray, /) -> None:
        targets_BK = targets.astype(np.float64).reshape(len(targets), -1)
        near = targets_BK.mean() if np.ptp(targets_BK) else targets_BK[0, 0]  # exactly 0 spread where all are equal
        total_R = weights_RB.sum(1) * targets_BK.shape[1]
        offset_R = ratio(weights_RB @ (targets_BK - near).sum(1), total_R, empty=0.0)
        squares_R = weights_RB @ np.square(targets_BK - near).sum(1) - total_R * offset_R**2
        self._join(total_R, near + offset_R, np.maximum(squares_R, 0.0))
        self.errors_R += weights_RB @ np.square(targets_BK - scores.astype(np.float64).reshape(targets_BK.shape)).sum(1)

    def _join(self, weights_R: np.ndarray, means_R: np.ndarray, squares_R: np.ndarray) -> None:
        total_R, apart_R = self.weights_R + weights_R, means_R - self.means_R
        share_R = ratio(weights_R, total_R, empty=0.0)
        self.squares_R += squares_R + apart_R**2 * self.weights_R * share_R
        self.means_R = np.where(self.weights_R > 0, self.means_R + apart_R * share_R, means_R)
        self.weights_R = total_R

    def merge(self, other: Self) -> None:
        self._join(other.weights_R, other.means_R, other.squares_R)
        self.errors_R += other.errors_R

"""How many pixels of each class are answered as which. B examples, K classes, R bootstrap replicates, P pixels.

Each example is a sum of its own, so that a replicate draws pictures, not pixels: neighbours say the same.
"""

from typing import Any, Self

import numpy as np

from fukami.metrics.contract import State, mean_where, ratio

IGNORE = 255


def confusions(answers_BP: np.ndarray, truth_BP: np.ndarray, num_classes: int) -> np.ndarray:
    """int64 (B, K, K): pixels of each example by truth (first) and answer; those that are not judged are left out.

    >>> confusions(np.array([[0, 1, 1]], np.uint8), np.array([[0, 0, 255]], np.uint8), 2).tolist()
    [[[1, 1], [0, 0]]]
    """
    B, K = len(truth_BP), num_classes
    out_BKK = np.empty((B, K, K), np.int64)
    for b in range(B):
        pairs_P = truth_BP[b].astype(np.int32) * K + answers_BP[b]
        # pixels that are not judged lie beyond all others
        out_BKK[b] = np.bincount(pairs_P[truth_BP[b] != IGNORE], minlength=K * K).reshape(K, K)
    return out_BKK


class Overlap(State):
    """Weighted sums of the examples' confusions: `counts_RKK`, truth first."""

    def __init__(self, target: Any, replicates: int = 0, *, room: float = 1.0):
        super().__init__(target, replicates, room=room)
        self.counts_RKK = np.zeros((1 + replicates, target.num_outputs, target.num_outputs))

    def update(self, answers: dict[str, np.ndarray], truth: np.ndarray, weights_RB: np.ndarray, /) -> None:
        B, K = len(truth), self.counts_RKK.shape[1]
        counts_BKK = confusions(answers["class"].reshape(B, -1), truth.reshape(B, -1), K)
        self.counts_RKK += (weights_RB @ counts_BKK.reshape(B, K * K)).reshape(self.counts_RKK.shape)

    def merge(self, other: Self) -> None:
        self.counts_RKK += other.counts_RKK

    def right(self) -> np.ndarray:
        """Pixels of each class that are answered right (1 + R, K)."""
        return np.einsum("rkk->rk", self.counts_RKK)

    def both(self) -> np.ndarray:
        """Pixels that are or are answered as each class, those that are both counted twice (1 + R, K)."""
        return self.counts_RKK.sum(1) + self.counts_RKK.sum(2)

    def iou(self) -> np.ndarray:
        """Intersection over union of each class (1 + R, K); 0 where the class is neither truth nor answer."""
        return ratio(self.right(), self.both() - self.right(), empty=0.0)

    def dice(self) -> np.ndarray:
        """Twice the intersection over the sum of both areas (1 + R, K)."""
        return ratio(2 * self.right(), self.both(), empty=0.0)

    def mean(self, values_RK: np.ndarray) -> np.ndarray:
        """The mean over the classes that occur as truth or answer (1 + R,)."""
        return mean_where(values_RK, self.both() > 0)

"""Details for a number. B examples."""

from typing import Any

import numpy as np

from fukami.evaluate.details.contract import Details
from fukami.evaluate.details.tables import Worst
from fukami.metrics.bootstrap import row_keys
from fukami.metrics.contract import Running

MAX_POINTS = 500
MAX_KEPT = 50_000
"""Residuals of a histogram; of more examples, a sample."""
NUM_BINS = 31


class CollectedDetails(Details):
    """Residuals (answer − target) as a histogram, a sample of (target, answer), and the largest errors."""

    def __init__(self, target: Any, *, seed: int = 0, keep: int = 24):
        super().__init__(target, seed=seed, keep=keep)
        self.worst = Worst(keep)
        self._keys, self._pairs = np.zeros(0, np.uint64), np.zeros((0, 2))

    def update(self, scores: np.ndarray, targets: np.ndarray, rows: np.ndarray, /) -> None:
        scores_B, targets_B = scores.astype(np.float64), targets.astype(np.float64)
        errors_B = np.abs(scores_B - targets_B)
        worst = np.argsort(-errors_B, kind="stable")[: self.keep]
        pairs = zip(targets_B[worst].tolist(), scores_B[worst].tolist(), strict=True)
        self.worst.update(errors_B[worst], rows[worst], pairs)
        self._sample(np.stack([targets_B, scores_B], axis=1), row_keys(self.seed, rows, "residuals"))

    def _sample(self, pairs_B2: np.ndarray, keys_B: np.ndarray) -> None:
        """Keeps the examples of the lowest keys: a fair sample that does not depend on their order."""
        keys, pairs = np.concatenate([self._keys, keys_B]), np.concatenate([self._pairs, pairs_B2])
        order = np.argsort(keys, kind="stable")[:MAX_KEPT]
        self._keys, self._pairs = keys[order], pairs[order]

    def told(self, running: Running) -> dict[str, Any]:
        residuals = self._pairs[:, 1] - self._pairs[:, 0]
        told: dict[str, Any] = {"points": self._pairs[:MAX_POINTS], "histogram": _histogram(residuals)}
        return {"residuals": told, "mistakes": [m for m in self.worst.told() if m["score"] > 0]}


def _histogram(residuals: np.ndarray) -> dict[str, Any]:
    """Counts between the 0.5th and 99.5th percentile; what lies beyond counts in the bins at the ends."""
    if not len(residuals):
        return {"edges": [], "counts": []}
    low, high = np.quantile(residuals, [0.005, 0.995])
    low, high = (low - 0.5, high + 0.5) if low == high else (low, high)
    counts, edges = np.histogram(np.clip(residuals, low, high), NUM_BINS, (low, high))
    return {"edges": edges, "counts": counts}

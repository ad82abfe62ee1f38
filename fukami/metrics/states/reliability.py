"""Stated confidence against observed frequency, in bins. B examples, K outputs, R bootstrap replicates, N bins."""

from typing import Any, Self

import numpy as np

from fukami.metrics.contract import State, ratio

NUM_BINS = 15


class Reliability(State):
    """Sums per bin of confidence: `weights_RN`, `confidences_RN`, `rights_RN`.

    For one class of several the confidence is that of the answer, and right is whether it is the target (Guo et al. 2017). For
    several labels at once every label is its own forecast: its probability, and whether the label is there.
    """

    def __init__(self, target: Any, replicates: int = 0, *, room: float = 1.0):
        super().__init__(target, replicates, room=room)
        shape = (1 + replicates, NUM_BINS)
        self.weights_RN, self.confidences_RN, self.rights_RN = np.zeros(shape), np.zeros(shape), np.zeros(shape)

    def update(self, scores: np.ndarray, targets: np.ndarray, weights_RB: np.ndarray, /) -> None:
        if targets.ndim == 2:
            for label in range(targets.shape[1]):
                self._add(scores[:, label], targets[:, label] > 0.5, weights_RB)
        else:
            self._add(scores.max(1), scores.argmax(1) == targets, weights_RB)

    def _add(self, confidence_B: np.ndarray, right_B: np.ndarray, weights_RB: np.ndarray) -> None:
        confidence_B = confidence_B.astype(np.float64)
        bins_B = np.clip(np.ceil(confidence_B * NUM_BINS).astype(np.intp) - 1, 0, NUM_BINS - 1)
        member_BN = np.eye(NUM_BINS)[bins_B]
        self.weights_RN += weights_RB @ member_BN
        self.confidences_RN += weights_RB @ (member_BN * confidence_B[:, None])
        self.rights_RN += weights_RB @ (member_BN * right_B[:, None])

    def merge(self, other: Self) -> None:
        self.weights_RN += other.weights_RN
        self.confidences_RN += other.confidences_RN
        self.rights_RN += other.rights_RN

    def error(self) -> np.ndarray:
        """The expected calibration error (1 + R,): mean over examples of |accuracy − confidence| of their bin."""
        return ratio(np.abs(self.rights_RN - self.confidences_RN).sum(1), self.weights_RN.sum(1))

    def bins(self) -> list[dict[str, float]]:
        """The bins that hold examples: mean confidence, observed accuracy, number of forecasts."""
        rows = zip(self.weights_RN[0], self.confidences_RN[0], self.rights_RN[0], strict=True)
        return [{"confidence": float(c / w), "accuracy": float(a / w), "count": float(w)} for w, c, a in rows if w > 0]

"""For each class: how often it is right, is the answer, is the target. B examples, K classes, R bootstrap replicates."""

from typing import Any, Self

import numpy as np

from fukami.metrics.contract import State, ratio

THRESHOLD = 0.5
"""A label of a multi-label target is given where its probability reaches this."""


def answers(scores_BK: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """The model's answer in the form of the targets: a class number (B,), or truth values (B, K)."""
    return scores_BK >= THRESHOLD if targets.ndim == 2 else scores_BK.argmax(1)


class Counts(State):
    """Weighted counts `right_RK`, `answered_RK` and `actual_RK`; from one class of several, or from several labels at once."""

    def __init__(self, target: Any, replicates: int = 0, *, room: float = 1.0):
        super().__init__(target, replicates, room=room)
        shape = (1 + replicates, target.num_outputs)
        self.right_RK, self.answered_RK, self.actual_RK = np.zeros(shape), np.zeros(shape), np.zeros(shape)

    def update(self, scores: np.ndarray, targets: np.ndarray, weights_RB: np.ndarray, /) -> None:
        answered = answers(scores, targets)
        if targets.ndim == 2:
            actual = targets > 0.5
            self.right_RK += weights_RB @ (actual & answered)
            self.answered_RK += weights_RB @ answered
            self.actual_RK += weights_RB @ actual
            return
        right = answered == targets
        _add_at(self.right_RK, targets[right], weights_RB[:, right])
        _add_at(self.answered_RK, answered, weights_RB)
        _add_at(self.actual_RK, targets, weights_RB)

    def merge(self, other: Self) -> None:
        self.right_RK += other.right_RK
        self.answered_RK += other.answered_RK
        self.actual_RK += other.actual_RK

    def occurs(self) -> np.ndarray:
        """Which classes are a target or an answer at all (1 + R, K): those that macro means run over."""
        return (self.actual_RK > 0) | (self.answered_RK > 0)

    def precision(self) -> np.ndarray:
        """Of the answers, the share that is right (1 + R, K); 0 where the class is never the answer."""
        return ratio(self.right_RK, self.answered_RK, empty=0.0)

    def recall(self) -> np.ndarray:
        """Of the targets, the share that is found (1 + R, K); 0 where the class is never the target."""
        return ratio(self.right_RK, self.actual_RK, empty=0.0)

    def f1(self) -> np.ndarray:
        """The harmonic mean of precision and recall (1 + R, K)."""
        return ratio(2 * self.right_RK, self.actual_RK + self.answered_RK, empty=0.0)


def _add_at(sums_RK: np.ndarray, classes_B: np.ndarray, weights_RB: np.ndarray) -> None:
    """Adds each example's weights to its class. Only classes of the batch are touched: there may be many thousands."""
    present, place_B = np.unique(classes_B, return_inverse=True)
    sums_RK[:, present] += weights_RB @ np.eye(len(present))[place_B]

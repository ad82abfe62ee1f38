"""Answers that stand in a text beside the right ones: exact match and F1, added up. B examples, R bootstrap replicates."""

from typing import Any, Self

import numpy as np

from fukami.metrics.contract import State, ratio


class Quoted(State):
    """Sums of both (2, 1 + R), compared as the target says."""

    def __init__(self, target: Any, replicates: int = 0, *, room: float = 1.0):
        super().__init__(target, replicates, room=room)
        self.sums_2R = np.zeros((2, 1 + replicates))
        self.weights_R = np.zeros(1 + replicates)

    def update(self, answers: Any, truth: Any, weights_RB: np.ndarray, /) -> None:
        compared_B2 = np.array(self.target.compared(answers, truth), np.float64).reshape(-1, 2)
        self.sums_2R += (weights_RB @ compared_B2).T
        self.weights_R += weights_RB.sum(1)

    def merge(self, other: Self) -> None:
        self.sums_2R += other.sums_2R
        self.weights_R += other.weights_R

    def means(self) -> np.ndarray:
        """Exact match and F1 (2, 1 + R); NaN where nothing was seen."""
        return ratio(self.sums_2R, self.weights_R)

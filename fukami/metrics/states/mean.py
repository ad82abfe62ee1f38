"""The weighted mean of one number per example. B examples, R bootstrap replicates."""

from abc import abstractmethod
from typing import Any, Self

import numpy as np

from fukami.metrics.contract import State, ratio


class Mean(State):
    """Sums of what `per_example` gives: the state of every metric that is an average over examples."""

    def __init__(self, target: Any, replicates: int = 0, *, room: float = 1.0):
        super().__init__(target, replicates, room=room)
        self.sums_R = np.zeros(1 + replicates)
        self.weights_R = np.zeros(1 + replicates)

    @abstractmethod
    def per_example(self, answers: Any, truth: Any, /) -> np.ndarray:
        """One number (B,) for each example."""

    def update(self, answers: Any, truth: Any, weights_RB: np.ndarray, /) -> None:
        self.sums_R += weights_RB @ np.asarray(self.per_example(answers, truth), dtype=np.float64)
        self.weights_R += weights_RB.sum(1)

    def merge(self, other: Self) -> None:
        self.sums_R += other.sums_R
        self.weights_R += other.weights_R

    def mean(self) -> np.ndarray:
        """The mean (1 + R,); NaN where nothing was seen."""
        return ratio(self.sums_R, self.weights_R)

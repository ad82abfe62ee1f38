"""Brier score: squared distance between the probabilities and the truth (Brier 1950).

For two classes it is that of one class, 0 to 1; for more the sum over classes, 0 to 2, as in scikit-learn.
"""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.states.mean import Mean

CARD = MetricCard(
    name="brier",
    label="Brier score",
    summary="squared error of the probabilities",
    of=("category",),
    higher_is_better=False,
    high=2.0,
)


class State(Mean):
    """The squared distance of each example's probabilities from the truth."""

    def per_example(self, scores: np.ndarray, targets: np.ndarray, /) -> np.ndarray:
        distance_BK = scores.astype(np.float64)
        distance_BK[np.arange(len(targets)), targets] -= 1
        return np.square(distance_BK).sum(1) / (2 if scores.shape[1] == 2 else 1)


def compute(state: State) -> np.ndarray:
    return state.mean()

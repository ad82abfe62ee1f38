"""Mean squared error."""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.states.mean import Mean

CARD = MetricCard(
    name="mse",
    label="mean squared error",
    summary="mean squared distance from the target",
    of=("number",),
    higher_is_better=False,
    high=None,
    unit="target²",
)


class State(Mean):
    """The squared error of each example, averaged over what further axes it has."""

    def per_example(self, scores: np.ndarray, targets: np.ndarray, /) -> np.ndarray:
        return np.square(scores.astype(np.float64) - targets).reshape(len(targets), -1).mean(1)


def compute(state: State) -> np.ndarray:
    return state.mean()

"""Mean absolute error."""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.states.mean import Mean

CARD = MetricCard(
    name="mae",
    label="mean absolute error",
    summary="mean distance from the target",
    of=("number",),
    higher_is_better=False,
    high=None,
    unit="target",
    sentence="On {examples} held-out examples the answer is off by {value} on average.",
)


class State(Mean):
    """The absolute error of each example, averaged over what further axes it has."""

    def per_example(self, scores: np.ndarray, targets: np.ndarray, /) -> np.ndarray:
        return np.abs(scores.astype(np.float64) - targets).reshape(len(targets), -1).mean(1)


def compute(state: State) -> np.ndarray:
    return state.mean()

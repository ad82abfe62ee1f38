"""Mean absolute error of a series in deviations of the training part, all channels alike."""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.scaled_mse import scaled
from fukami.metrics.states.mean import Mean

CARD = MetricCard(
    name="scaled_mae",
    label="scaled MAE",
    summary="mean absolute error in deviations of the training part, as published for forecasts",
    of=("series",),
    higher_is_better=False,
    high=None,
    sentence="On {examples} held-out positions forecasts are off by {value} deviations of the training part.",
)


class State(Mean):
    """The absolute error of each example, its steps and channels averaged."""

    def per_example(self, answers: np.ndarray, truth: np.ndarray, /) -> np.ndarray:
        return np.abs(scaled(answers - truth, self.target)).mean((1, 2))


def compute(state: State) -> np.ndarray:
    return state.mean()

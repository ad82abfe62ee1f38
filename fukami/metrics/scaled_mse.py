"""Mean squared error of a series in deviations of the training part, all channels alike: what papers on forecasting report."""

from typing import Any

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.states.mean import Mean

CARD = MetricCard(
    name="scaled_mse",
    label="scaled MSE",
    summary="mean squared error in deviations of the training part, as published for forecasts",
    of=("series",),
    higher_is_better=False,
    high=None,
    sentence="On {examples} held-out positions the mean squared error is {value}, in deviations of the training part.",
)


class State(Mean):
    """The squared error of each example, its steps and channels averaged."""

    def per_example(self, answers: np.ndarray, truth: np.ndarray, /) -> np.ndarray:
        return np.square(scaled(answers - truth, self.target)).mean((1, 2))


def scaled(errors_BHC: np.ndarray, target: Any) -> np.ndarray:
    """Errors in deviations of the training part."""
    return errors_BHC / np.array(target.state["std"])


def compute(state: State) -> np.ndarray:
    return state.mean()

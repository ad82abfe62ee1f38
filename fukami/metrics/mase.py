"""Mean absolute scaled error (Hyndman and Koehler 2006): 1 is as far off as a value of the training part from that a season
before; channels are scaled one by one and averaged. Channels without a scale (shorter than a season, constant) are left out.
"""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.contract import mean_where
from fukami.metrics.states.mean import Mean

CARD = MetricCard(
    name="mase",
    label="MASE",
    summary="mean absolute error, of which 1 is what repeating the last season errs by in the training part",
    of=("series",),
    higher_is_better=False,
    high=None,
    sentence="On {examples} held-out positions forecasts err {value} times as much as repeating a season one step ahead.",
)


class State(Mean):
    """The scaled error of each example."""

    def per_example(self, answers: np.ndarray, truth: np.ndarray, /) -> np.ndarray:
        errors_BC = np.abs(answers - truth).mean(1)
        scale_C = np.array([np.nan if value is None else value for value in self.target.state["seasonal_error"]], dtype=float)
        counted = scale_C > 0
        return mean_where(errors_BC / np.where(counted, scale_C, 1.0), np.broadcast_to(counted, errors_BC.shape))


def compute(state: State) -> np.ndarray:
    return state.mean()

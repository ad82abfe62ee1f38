"""Symmetric mean absolute percentage error, as in the M3 and M4 competitions, as a share: 0 to 2. Where forecast and value are
both 0 it is 0.
"""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.contract import ratio
from fukami.metrics.states.mean import Mean

CARD = MetricCard(
    name="smape",
    label="sMAPE",
    summary="mean distance as a share of the mean size of forecast and value",
    of=("series",),
    higher_is_better=False,
    high=2.0,
)


class State(Mean):
    """The mean share of each example."""

    def per_example(self, answers: np.ndarray, truth: np.ndarray, /) -> np.ndarray:
        return ratio(2 * np.abs(answers - truth), np.abs(answers) + np.abs(truth), empty=0.0).mean((1, 2))


def compute(state: State) -> np.ndarray:
    return state.mean()

"""F1 over all labels of all examples at once. For one class of several it would be the accuracy."""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.contract import ratio
from fukami.metrics.states.counts import Counts

CARD = MetricCard(
    name="f1_micro",
    label="micro F1",
    unit="score",
    summary="harmonic mean of precision and recall over all labels together",
    of=("categories",),
    higher_is_better=True,
)
State = Counts


def compute(state: Counts) -> np.ndarray:
    return ratio(2 * state.right_RK.sum(1), state.actual_RK.sum(1) + state.answered_RK.sum(1))

"""Balanced accuracy: recall, averaged over the classes that occur as targets."""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.contract import mean_where
from fukami.metrics.states.counts import Counts

CARD = MetricCard(
    name="balanced_accuracy",
    label="balanced accuracy",
    summary="mean over classes of the share of each that is found",
    of=("category",),
    higher_is_better=True,
    sentence="Every class counting alike, the model was right for {value} of {examples} held-out examples.",
)
State = Counts


def compute(state: Counts) -> np.ndarray:
    return mean_where(state.recall(), state.actual_RK > 0)

"""The share of judged pixels whose class is right."""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.contract import ratio
from fukami.metrics.states.overlap import Overlap

CARD = MetricCard(
    name="pixel_accuracy",
    label="pixel accuracy",
    summary="share of pixels answered right",
    of=("mask",),
    higher_is_better=True,
)
State = Overlap


def compute(state: Overlap) -> np.ndarray:
    return ratio(state.right().sum(1), state.counts_RKK.sum((1, 2)))

"""Mean number of steps of an episode."""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.states.returns import Episodes

CARD = MetricCard(
    name="mean_length",
    label="mean length",
    summary="mean number of steps of an episode",
    of=("episode",),
    higher_is_better=True,
    low=None,
    high=None,
    unit="steps",
    sentence="",
)

State = Episodes


def compute(state: Episodes) -> np.ndarray:
    return state.mean(state.lengths_N)

"""Mean sum of the rewards of an episode."""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.states.returns import Episodes

CARD = MetricCard(
    name="mean_return",
    label="mean return",
    summary="mean sum of the rewards of an episode",
    of=("episode",),
    higher_is_better=True,
    low=None,
    high=None,
    unit="reward",
    sentence="On {examples} episodes that were not trained in, the rewards of one add up to {value} on average.",
)

State = Episodes


def compute(state: Episodes) -> np.ndarray:
    return state.mean(state.returns_N)

"""The least sum of rewards of all episodes."""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.states.returns import Episodes

CARD = MetricCard(
    name="worst_return",
    label="worst return",
    summary="least sum of rewards of all episodes",
    of=("episode",),
    higher_is_better=True,
    low=None,
    high=None,
    unit="reward",
)

State = Episodes


def compute(state: Episodes) -> np.ndarray:
    if not len(state.returns_N):
        return np.full(len(state.weights_RN), np.nan)
    found_R = np.where(state.weights_RN > 0, state.returns_N, np.inf).min(1)
    return np.where(np.isfinite(found_R), found_R, np.nan)

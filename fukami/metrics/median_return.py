"""The sum of rewards that half of the episodes reach."""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.states.returns import Episodes

CARD = MetricCard(
    name="median_return",
    label="median return",
    summary="sum of rewards that half of the episodes reach",
    of=("episode",),
    higher_is_better=True,
    low=None,
    high=None,
    unit="reward",
)

State = Episodes


def compute(state: Episodes) -> np.ndarray:
    """Weighted medians: the middle of two where they meet, as NumPy's."""
    if not len(state.returns_N):
        return np.full(len(state.weights_RN), np.nan)
    order = np.argsort(state.returns_N, kind="stable")
    values, reached_RN = state.returns_N[order], state.weights_RN[:, order].cumsum(1)
    half_R1 = reached_RN[:, -1:] / 2
    low_R = (reached_RN >= half_R1).argmax(1)
    high_R = (reached_RN > half_R1).argmax(1)
    return np.where(half_R1[:, 0] > 0, (values[low_R] + values[high_R]) / 2, np.nan)

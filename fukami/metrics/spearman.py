"""Spearman's correlation: whether answers stand in the order of the targets. Equal values share the mean of their places."""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.states.ranks import Ranks

CARD = MetricCard(
    name="spearman",
    label="Spearman",
    summary="correlation of the order of the answers with that of the targets",
    of=("number",),
    higher_is_better=True,
    low=-1.0,
    unit="score",
)
State = Ranks


def compute(state: Ranks) -> np.ndarray:
    return state.correlation()

"""The share of a user's true items that stand among the first twenty, averaged over users (He et al. 2020)."""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.states.places import Places

CARD = MetricCard(
    name="recall_at_20",
    label="Recall@20",
    summary="share of true items among the first twenty",
    of=("items",),
    higher_is_better=True,
)

State = Places


def compute(state: Places) -> np.ndarray:
    return state.mean("recall_at_20")

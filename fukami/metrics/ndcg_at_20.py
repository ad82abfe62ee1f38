"""Normalised discounted cumulative gain of the first twenty places, as for the first ten."""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.states.places import Places

CARD = MetricCard(
    name="ndcg_at_20",
    label="NDCG@20",
    summary="how far ahead true items stand among the first twenty",
    of=("items",),
    higher_is_better=True,
    unit="score",
)

State = Places


def compute(state: Places) -> np.ndarray:
    return state.mean("ndcg_at_20")

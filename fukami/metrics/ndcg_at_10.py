"""Normalised discounted cumulative gain of the first ten places (Järvelin and Kekäläinen 2002), with gains of 1."""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.states.places import Places

CARD = MetricCard(
    name="ndcg_at_10",
    label="NDCG@10",
    summary="how far ahead true items stand among the first ten",
    of=("items",),
    higher_is_better=True,
    unit="score",
)

State = Places


def compute(state: Places) -> np.ndarray:
    return state.mean("ndcg_at_10")

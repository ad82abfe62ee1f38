"""Mean reciprocal rank of each user's first true item; 0 where it is not among the places that are judged, mostly a hundred."""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.states.places import Places

CARD = MetricCard(
    name="mrr",
    label="MRR",
    summary="mean of one by the place of the first true item",
    of=("items",),
    higher_is_better=True,
    unit="score",
)

State = Places


def compute(state: Places) -> np.ndarray:
    return state.mean("mrr")

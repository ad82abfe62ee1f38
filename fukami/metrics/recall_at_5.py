"""How often one of the five most similar examples is of the same identity: Recall@5 of image retrieval (Jégou et al. 2011; Oh
Song et al. 2016), each example asked for among all others."""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.states.neighbours import Neighbours

CARD = MetricCard(
    name="recall_at_5",
    label="recall@5",
    summary="how often one of the five most similar examples is of the same identity",
    of=("embedding",),
    higher_is_better=True,
    sentence="One of the five most similar of the others is of the same identity for {value} of {examples} held-out examples.",
)
State = Neighbours


def compute(state: Neighbours) -> np.ndarray:
    return state.recall(5)

"""How often the most similar example is of the same identity: Recall@1 of image retrieval (Jégou et al. 2011; Oh Song
et al. 2016), each example asked for among all others."""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.states.neighbours import Neighbours

CARD = MetricCard(
    name="recall_at_1",
    label="recall@1",
    summary="how often the most similar example is of the same identity",
    of=("embedding",),
    higher_is_better=True,
    sentence="The most similar of the others is of the same identity for {value} of {examples} held-out examples.",
)
State = Neighbours


def compute(state: Neighbours) -> np.ndarray:
    return state.recall(1)

"""How well similarity tells pairs of one identity from pairs of two: the area under the ROC curve over all pairs."""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.states.neighbours import Neighbours
from fukami.metrics.states.ranking import roc_area

CARD = MetricCard(
    name="verification_auc",
    label="verification ROC-AUC",
    summary="how often a pair of one identity is more similar than a pair of two",
    of=("embedding",),
    higher_is_better=True,
    unit="score",
    sentence="A pair of one identity is more similar than a pair of two with a probability of {value} ({examples} examples).",
)
State = Neighbours


def compute(state: Neighbours) -> np.ndarray:
    return state.verification(lambda same_G, other_G: float(roc_area(same_G[None], other_G[None])[0]))

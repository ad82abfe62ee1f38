"""Area under the ROC curve. Two classes: the second is the positive one. More: one against the rest, averaged.

Classes without a positive or without a negative example are left out of the average; scikit-learn refuses them.
"""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.states.ranking import Ranking, roc_area

CARD = MetricCard(
    name="roc_auc",
    summary="chance that a positive example is scored above a negative one",
    of=("category", "categories"),
    higher_is_better=True,
    sentence="Shown one example that belongs to a class and one that does not, "
    "the model tells which is which {value} of the time, on {examples} held-out examples.",
)
State = Ranking


def compute(state: Ranking) -> np.ndarray:
    return state.macro(roc_area)

"""Area under the ROC curve. Two classes: the second is the positive one. More: one against the rest, averaged.

Classes without a positive or without a negative example are left out of the average; scikit-learn refuses them.
"""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.states.ranking import Ranking, roc_area

CARD = MetricCard(
    name="roc_auc",
    label="ROC-AUC",
    unit="score",
    summary="chance that a positive example is scored above a negative one",
    of=("category", "categories", "anomaly"),
    higher_is_better=True,
    sentence="ROC-AUC is {value} on {examples} held-out examples: 1 would be every example of a class ranked above all others, "
    "0.5 is guessing.",
)
State = Ranking


def compute(state: Ranking) -> np.ndarray:
    return state.macro(roc_area)

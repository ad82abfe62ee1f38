"""Area under the precision–recall curve as average precision (no interpolation), averaged over classes as in `roc_auc`.

Classes without a positive example are left out of the average; scikit-learn counts them as 0.
"""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.states.ranking import Ranking, average_precision

CARD = MetricCard(
    name="pr_auc",
    label="PR-AUC",
    unit="score",
    summary="precision averaged over all positive examples in order of their score",
    of=("category", "categories", "anomaly"),
    higher_is_better=True,
)
State = Ranking


def compute(state: Ranking) -> np.ndarray:
    return state.macro(average_precision)

"""Precision, averaged over the classes that occur as target or answer.

For one class of several that is scikit-learn's rule; for several labels scikit-learn also counts those that never occur, as 0.
"""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.contract import mean_where
from fukami.metrics.states.counts import Counts

CARD = MetricCard(
    name="precision_macro",
    label="macro precision",
    summary="mean over classes of the share of answers that are right",
    of=("category", "categories"),
    higher_is_better=True,
)
State = Counts


def compute(state: Counts) -> np.ndarray:
    return mean_where(state.precision(), state.occurs())

"""F1, averaged over the classes that occur as target or answer.

For one class of several that is scikit-learn's rule; for several labels scikit-learn also counts those that never occur, as 0.
"""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.contract import mean_where
from fukami.metrics.states.counts import Counts

CARD = MetricCard(
    name="f1_macro",
    label="macro F1",
    unit="score",
    summary="mean over classes of the harmonic mean of precision and recall",
    of=("category", "categories"),
    higher_is_better=True,
)
State = Counts


def compute(state: Counts) -> np.ndarray:
    return mean_where(state.f1(), state.occurs())

"""Hit ratio: the share of users who have a true item among their first ten."""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.states.places import Places

CARD = MetricCard(
    name="hr_at_10",
    label="HR@10",
    summary="share of users with a true item among the first ten",
    of=("items",),
    higher_is_better=True,
)

State = Places


def compute(state: Places) -> np.ndarray:
    return state.mean("hr_at_10")

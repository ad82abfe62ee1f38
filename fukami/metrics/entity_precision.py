"""Of the entities answered, how many are right: words and type exactly, over all types together."""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.states.entities import Entities

CARD = MetricCard(
    name="entity_precision",
    label="entity precision",
    summary="the share of the answered entities that are right",
    of=("tags",),
    higher_is_better=True,
)

State = Entities


def compute(state: Entities) -> np.ndarray:
    return state.precision()

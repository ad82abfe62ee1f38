"""Of the entities that there are, how many are found: words and type exactly, over all types together."""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.states.entities import Entities

CARD = MetricCard(
    name="entity_recall",
    label="entity recall",
    summary="the share of the entities that are found",
    of=("tags",),
    higher_is_better=True,
)

State = Entities


def compute(state: Entities) -> np.ndarray:
    return state.recall()

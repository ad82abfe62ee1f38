"""Entity F1 over all types together, exact match, as conlleval and seqeval count it (micro average)."""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.states.entities import Entities

CARD = MetricCard(
    name="entity_f1",
    label="entity F1",
    unit="score",
    summary="the harmonic mean of entity precision and recall: an entity is right where its words and its type are",
    of=("tags",),
    higher_is_better=True,
)

State = Entities


def compute(state: Entities) -> np.ndarray:
    return state.f1()

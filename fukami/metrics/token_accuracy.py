"""Of all words, how many have the right tag. Where most words are outside of entities, it says little of those."""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.states.entities import Entities

CARD = MetricCard(
    name="token_accuracy",
    label="word accuracy",
    summary="the share of the words whose tag is right",
    of=("tags",),
    higher_is_better=True,
)

State = Entities


def compute(state: Entities) -> np.ndarray:
    return state.accuracy()

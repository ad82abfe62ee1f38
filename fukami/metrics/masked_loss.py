"""Loss at hidden words: mean of nats by which a hidden word surprises; what a token is depends on the tokenizer."""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.states.surprise import Surprise as State

CARD = MetricCard(
    name="masked_loss",
    label="loss at hidden words",
    summary="mean of nats by which a hidden word surprises",
    of=("masked",),
    higher_is_better=False,
    high=None,
)


def compute(state: State) -> np.ndarray:
    return state.per_token()

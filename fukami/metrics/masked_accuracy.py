"""Accuracy at hidden words: share of the hidden words that are found; what a token is depends on the tokenizer."""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.states.surprise import Surprise as State

CARD = MetricCard(
    name="masked_accuracy",
    label="accuracy at hidden words",
    summary="share of the hidden words that are found",
    of=("masked",),
    higher_is_better=True,
    high=1.0,
)


def compute(state: State) -> np.ndarray:
    return state.right()

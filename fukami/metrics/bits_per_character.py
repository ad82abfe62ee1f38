"""Bits for each character of the text: what a perfect coder would need with this model. Nats divided by ln 2."""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.states.surprise import Surprise as State

CARD = MetricCard(
    name="bits_per_character",
    label="bits per character",
    summary="bits that a coder needs for each character with this model",
    of=("continuation",),
    higher_is_better=False,
    high=None,
    unit="bits",
)


def compute(state: State) -> np.ndarray:
    return state.per_character() / np.log(2)

"""Nats for each character of the text: comparable over tokenizers. An unknown token costs what it is to be unknown."""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.states.surprise import Surprise as State

CARD = MetricCard(
    name="nats_per_character",
    label="nats per character",
    summary="surprise of each character in nats, whatever a token is",
    of=("continuation",),
    higher_is_better=False,
    high=None,
    unit="nats",
)


def compute(state: State) -> np.ndarray:
    return state.per_character()

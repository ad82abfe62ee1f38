"""Perplexity: e to the mean of nats for each token; as if so many tokens were equally likely at each place.

It depends on what a token is. Over different tokenizers, `nats_per_character` compares.
"""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.states.surprise import Surprise as State

CARD = MetricCard(
    name="perplexity",
    label="perplexity",
    summary="among how many equally likely tokens the next one is as hard to foretell",
    of=("continuation",),
    higher_is_better=False,
    low=1.0,
    high=None,
    unit="per token",
    sentence="In {examples} held-out passages the next token is as hard to foretell as one of {value} equally likely ones.",
)


def compute(state: State) -> np.ndarray:
    with np.errstate(over="ignore"):
        return np.exp(state.per_token())

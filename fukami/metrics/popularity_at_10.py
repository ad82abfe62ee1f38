"""Average recommendation popularity (Yin et al. 2012), as a share: how many of training's users chose what is answered, on
average over the first ten places. What everybody knows already is found by itself, so less is better."""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.states.places import Answered

CARD = MetricCard(
    name="popularity_at_10",
    label="popularity@10",
    summary="share of training users who chose what is answered, on average",
    of=("items",),
    higher_is_better=False,
    low=None,
)

State = Answered


def compute(state: Answered) -> np.ndarray:
    return state.popularity()

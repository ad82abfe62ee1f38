"""Exact match by the rules of SQuAD: the share of the answers that say the same as a right one."""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.states.quoted import Quoted

CARD = MetricCard(
    name="exact_match",
    label="exact match",
    summary="the share of the answers that say what a right one says, but for case, punctuation and articles",
    of=("extract",),
    higher_is_better=True,
)

State = Quoted


def compute(state: Quoted) -> np.ndarray:
    return state.means()[0]

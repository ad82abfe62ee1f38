"""Catalogue coverage: the share of all items that stand among anybody's first ten (Ge et al. 2010)."""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.states.places import Answered

CARD = MetricCard(
    name="coverage_at_10",
    label="coverage@10",
    summary="share of the catalogue that is answered to anybody",
    of=("items",),
    higher_is_better=True,
    high=None,
)

State = Answered


def compute(state: Answered) -> np.ndarray:
    return state.coverage()

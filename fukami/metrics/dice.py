"""Dice score (F1 of pixels): of all pixels of all examples together, class by class, then averaged."""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.states.overlap import Overlap

CARD = MetricCard(
    name="dice",
    label="Dice",
    summary="mean over classes of twice the common area over the sum of both areas",
    of=("mask",),
    higher_is_better=True,
)
State = Overlap


def compute(state: Overlap) -> np.ndarray:
    return state.mean(state.dice())

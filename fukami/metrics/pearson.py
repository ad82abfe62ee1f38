"""Pearson's correlation of answers and targets: whether they lie on one rising line. It has none where either is constant."""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.states.correlation import Correlation

CARD = MetricCard(
    name="pearson",
    label="Pearson",
    summary="correlation of the answers with the targets",
    of=("number",),
    higher_is_better=True,
    low=-1.0,
    unit="score",
    sentence="On {examples} held-out examples the correlation of answers and targets is {value}; 1 would be a straight line, "
    "0 is chance.",
)
State = Correlation


def compute(state: Correlation) -> np.ndarray:
    return state.correlation()

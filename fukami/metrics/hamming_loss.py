"""Hamming loss: the share of wrong labels."""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.states.counts import answers
from fukami.metrics.states.mean import Mean

CARD = MetricCard(
    name="hamming_loss",
    label="Hamming loss",
    summary="share of labels that are wrong",
    of=("categories",),
    higher_is_better=False,
)


class State(Mean):
    """The share of each example's labels that is wrong."""

    def per_example(self, scores: np.ndarray, targets: np.ndarray, /) -> np.ndarray:
        return (answers(scores, targets) != (targets > 0.5)).mean(1)


def compute(state: State) -> np.ndarray:
    return state.mean()

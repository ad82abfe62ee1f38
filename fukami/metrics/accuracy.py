"""Accuracy. For several labels at once every label must be right (scikit-learn's subset accuracy)."""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.states.counts import answers
from fukami.metrics.states.mean import Mean

CARD = MetricCard(
    name="accuracy",
    label="accuracy",
    summary="share of examples answered right",
    of=("category", "categories"),
    higher_is_better=True,
    sentence="The model was right for {value} of {examples} held-out examples.",
)


class State(Mean):
    """Whether each example is right."""

    def per_example(self, scores: np.ndarray, targets: np.ndarray, /) -> np.ndarray:
        right = answers(scores, targets) == targets
        return right.all(1) if targets.ndim == 2 else right


def compute(state: State) -> np.ndarray:
    return state.mean()

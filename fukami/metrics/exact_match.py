"""Exact match: the share of texts that are written as one of those that are right; blanks at both ends do not count."""

from typing import Any

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.states.mean import Mean

CARD = MetricCard(
    name="exact_match",
    label="exact match",
    summary="share of texts that are written exactly as one that is right",
    of=("sentence",),
    higher_is_better=True,
)


class State(Mean):
    """Whether an example's answer is one of its references."""

    def per_example(self, answers: Any, truth: Any, /) -> np.ndarray:
        pairs = zip(self.target.texts(answers["tokens"]), self.target.references(truth), strict=True)
        return np.array([written in right for written, right in pairs], np.float64)


def compute(state: State) -> np.ndarray:
    return state.mean()

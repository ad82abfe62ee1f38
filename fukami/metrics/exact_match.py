"""Exact match: the share of texts that say what one that is right says, compared as the target compares them.

Texts that are written: as they are, but for blanks at both ends. Answers that stand in a text: by the rules of SQuAD.
"""

from typing import Any

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.states.mean import Mean

CARD = MetricCard(
    name="exact_match",
    label="exact match",
    summary="share of texts that say exactly what one that is right says",
    of=("sentence", "extract"),
    higher_is_better=True,
)


class State(Mean):
    """Whether an example's answer is one of its references."""

    def per_example(self, answers: Any, truth: Any, /) -> np.ndarray:
        return np.array(self.target.exact(answers, truth), np.float64)


def compute(state: State) -> np.ndarray:
    return state.mean()

"""ROUGE-L, the mean over examples, 0 to 100 (Lin 2004); what a word is the target says (option `rouge`)."""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.states.rouge import Rouge as State

CARD = MetricCard(
    name="rouge_l",
    label="ROUGE-L",
    summary="how much of the reference is written in the same order (F measure of the longest common subsequence)",
    of=("written",),
    higher_is_better=True,
    high=100.0,
)


def compute(state: State) -> np.ndarray:
    return state.value("l")

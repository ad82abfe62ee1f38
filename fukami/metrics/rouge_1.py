"""ROUGE-1, the mean over examples, 0 to 100 (Lin 2004); what a word is the target says (option `rouge`)."""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.states.rouge import Rouge as State

CARD = MetricCard(
    name="rouge_1",
    label="ROUGE-1",
    summary="how many words are those of the reference, and how many of the reference's were found (F measure)",
    of=("written",),
    higher_is_better=True,
    high=100.0,
)


def compute(state: State) -> np.ndarray:
    return state.value("1")

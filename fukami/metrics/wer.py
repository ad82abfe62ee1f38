"""WER: edits for each word of what was said, over all texts together, as jiwer counts them (tests/parity)."""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.states.edits import Words as State

CARD = MetricCard(
    name="wer",
    label="WER",
    summary="words to be put in, left out or replaced, for each word that was said",
    of=("transcript",),
    higher_is_better=False,
    high=None,
)


def compute(state: State) -> np.ndarray:
    return state.rate()

"""CER: edits for each letter of what was said, over all texts together, as jiwer counts them (tests/parity)."""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.states.edits import Letters as State

CARD = MetricCard(
    name="cer",
    label="CER",
    summary="letters to be put in, left out or replaced, for each letter that was said",
    of=("transcript",),
    higher_is_better=False,
    high=None,
)


def compute(state: State) -> np.ndarray:
    return state.rate()

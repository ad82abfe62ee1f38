"""F1 by the rules of SQuAD: the words (in scripts without blanks the characters) that an answer shares with a right one."""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.states.quoted import Quoted

CARD = MetricCard(
    name="answer_f1",
    label="F1 of answers",
    unit="score",
    summary="how much of an answer and of the right one most like it is the same, word by word or character by character",
    of=("extract",),
    higher_is_better=True,
)

State = Quoted


def compute(state: Quoted) -> np.ndarray:
    return state.means()[1]

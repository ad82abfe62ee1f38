"""F1 by the rules of SQuAD: the words (in scripts without blanks the characters) that an answer shares with a right one."""

from typing import Any

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.states.mean import Mean

CARD = MetricCard(
    name="answer_f1",
    label="F1 of answers",
    unit="score",
    summary="how much of an answer and of the right one most like it is the same, word by word or character by character",
    of=("extract",),
    higher_is_better=True,
)


class State(Mean):
    """The F1 of each answer with the right one that it is most like."""

    def per_example(self, answers: Any, truth: Any, /) -> np.ndarray:
        return np.array([f1 for _exact, f1 in self.target.compared(answers, truth)], np.float64)


def compute(state: State) -> np.ndarray:
    return state.mean()

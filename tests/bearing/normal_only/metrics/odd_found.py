"""Share of rows that are rightly called odd or normal, of those of which it is known."""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.states.mean import Mean

CARD = MetricCard(name="odd-found", summary="share of right verdicts", of=("odd",), higher_is_better=True)


class State(Mean):
    def update(self, answers, truth, weights_RB):
        known = np.isfinite(truth)
        super().update(answers[known], truth[known], weights_RB[:, known])

    def per_example(self, answers, truth):
        return (answers > 1) == (truth > 0)


def compute(state):
    return state.mean()

"""Letters to be put in, left out or replaced, per letter of the truth (Levenshtein), the mean over recordings."""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.states.mean import Mean

CARD = MetricCard(name="letter-errors", summary="share of wrong letters", of=("letters",), higher_is_better=False, high=None)


def edits(left, right):
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        before, row[0] = row[0], i
        for j, b in enumerate(right, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
    return row[-1]


class State(Mean):
    def per_example(self, answers, truth):
        pairs = zip(answers.each(), truth.each(), strict=True)
        return np.array([edits(a["letter"].tolist(), t["letter"].tolist()) / max(len(t["letter"]), 1) for a, t in pairs])


def compute(state):
    return state.mean()

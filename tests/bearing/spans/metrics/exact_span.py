"""Share of passages that begin and end where they should."""

from fukami.core.cards import MetricCard
from fukami.metrics.states.mean import Mean

CARD = MetricCard(name="exact-span", summary="share of exact passages", of=("span",), higher_is_better=True)


class State(Mean):
    def per_example(self, answers, truth):
        return (answers == truth).all(1)


def compute(state):
    return state.mean()

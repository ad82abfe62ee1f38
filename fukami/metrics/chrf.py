"""chrF of a corpus, as sacreBLEU computes it (Popović 2015): 0 to 100, the same for every way to divide words."""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.states.corpus import Letters as State

CARD = MetricCard(
    name="chrf",
    label="chrF",
    summary="how many runs of one to six letters are those of the reference, and how many of the reference's were found",
    of=("sentence",),
    higher_is_better=True,
    high=100.0,
)


def compute(state: State) -> np.ndarray:
    return state.scores()

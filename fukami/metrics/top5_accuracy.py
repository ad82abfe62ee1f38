"""Top-5 accuracy. Among equal scores the later class stands first, as in scikit-learn.

Of five classes or fewer every one is among the first five, so there it has no value; scikit-learn says 1 and warns.
"""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.states.mean import Mean

CARD = MetricCard(
    name="top5_accuracy",
    label="top-5 accuracy",
    summary="share of examples whose class is among the five likeliest",
    of=("category",),
    higher_is_better=True,
    least_outputs=6,
)


class State(Mean):
    """Whether fewer than five classes stand before the true one."""

    def per_example(self, scores: np.ndarray, targets: np.ndarray, /) -> np.ndarray:
        own_B1 = np.take_along_axis(scores, targets[:, None], axis=1)
        later_BK = np.arange(scores.shape[1]) > targets[:, None]
        return ((scores > own_B1) | ((scores == own_B1) & later_BK)).sum(1) < 5


def compute(state: State) -> np.ndarray:
    return state.mean() if state.target.num_outputs > 5 else np.full(1 + state.replicates, np.nan)

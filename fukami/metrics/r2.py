"""R²: the share of the targets' variance that the answers explain. 0 is the mean as answer, below 0 is worse than that.

Where all targets are equal it is 1 for perfect answers and 0 otherwise, as in scikit-learn.
"""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.contract import ratio
from fukami.metrics.states.spread import Spread

CARD = MetricCard(
    name="r2",
    label="R²",
    summary="share of the variance of the target that is explained",
    of=("number",),
    higher_is_better=True,
    low=None,
    sentence="On {examples} held-out examples the answers explain {value} of what makes the targets differ; "
    "1 would be all of it.",
)
State = Spread


def compute(state: Spread) -> np.ndarray:
    unexplained_R = ratio(state.errors_R, state.squares_R)
    constant_R = np.where(state.errors_R > 0, 0.0, 1.0)
    value_R = np.where(state.squares_R > 0, 1 - unexplained_R, constant_R)
    return np.where(state.weights_R > 0, value_R, np.nan)

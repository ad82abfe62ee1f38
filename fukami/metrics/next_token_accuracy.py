"""Share of the tokens that the model held for the likeliest one."""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.states.surprise import Surprise as State

CARD = MetricCard(
    name="next_token_accuracy",
    label="next-token accuracy",
    summary="share of the tokens that were the likeliest ones",
    of=("continuation",),
    higher_is_better=True,
)


def compute(state: State) -> np.ndarray:
    return state.right()

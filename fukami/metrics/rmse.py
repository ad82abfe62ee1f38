"""Root mean squared error."""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics import mse

CARD = MetricCard(
    name="rmse",
    label="RMSE",
    summary="typical distance from the target, large errors counting more",
    of=("number",),
    higher_is_better=False,
    high=None,
    unit="target",
    sentence="On {examples} held-out examples the answer is typically off by {value}, large errors counting more.",
)
State = mse.State


def compute(state: mse.State) -> np.ndarray:
    return np.sqrt(state.mean())

"""Root mean squared error of a picture's depths: the mean over pictures (Eigen et al. 2014)."""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.states.depth import DepthErrors

CARD = MetricCard(
    name="depth_rmse",
    label="RMSE",
    summary="typical distance of a pixel's depth from the true one, large errors counting more",
    of=("depth",),
    higher_is_better=False,
    high=None,
    unit="target",
)
State = DepthErrors


def compute(state: DepthErrors) -> np.ndarray:
    return state.mean("rmse")

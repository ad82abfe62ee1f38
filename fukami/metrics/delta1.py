"""Share of pixels whose depth is within a factor of 1.25 of the true one: the mean over pictures (Eigen et al. 2014)."""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.states.depth import DepthErrors

CARD = MetricCard(
    name="delta1",
    label="δ1",
    summary="share of pixels whose depth is within a factor of 1.25 of the true one",
    of=("depth",),
    higher_is_better=True,
    high=1.0,
)
State = DepthErrors


def compute(state: DepthErrors) -> np.ndarray:
    return state.mean("delta1")

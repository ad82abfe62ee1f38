"""Mean error of a pixel's depth as a share of its true depth: the mean over pictures (Eigen et al. 2014)."""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.states.depth import DepthErrors

CARD = MetricCard(
    name="abs_rel",
    label="AbsRel",
    summary="mean error of a pixel's depth as a share of its true depth",
    of=("depth",),
    higher_is_better=False,
    high=None,
    sentence="On {examples} held-out pictures a pixel's depth is off by {value} of itself on average.",
)
State = DepthErrors


def compute(state: DepthErrors) -> np.ndarray:
    return state.mean("abs_rel")

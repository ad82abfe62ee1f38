"""Expected calibration error, 15 bins of equal width (Guo et al. 2017)."""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.states.reliability import Reliability

CARD = MetricCard(
    name="calibration_error",
    label="calibration error",
    summary="mean gap between stated confidence and observed accuracy",
    of=("category", "categories"),
    higher_is_better=False,
)
State = Reliability


def compute(state: Reliability) -> np.ndarray:
    return state.error()

"""Precision: of what is called an anomaly, the share that is one. 0 where there is no alarm, as in scikit-learn."""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.contract import ratio
from fukami.metrics.states.alarms import Alarms

CARD = MetricCard(
    name="precision",
    label="precision",
    summary="share of the alarms that are anomalies",
    of=("anomaly",),
    higher_is_better=True,
)
State = Alarms


def compute(state: Alarms) -> np.ndarray:
    known_R = state.found_R + state.missed_R
    return np.where(known_R > 0, ratio(state.found_R, state.found_R + state.false_R, empty=0.0), np.nan)

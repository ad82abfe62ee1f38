"""Recall: of the anomalies, the share that is called so."""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.contract import ratio
from fukami.metrics.states.alarms import Alarms

CARD = MetricCard(
    name="recall",
    label="recall",
    summary="share of the anomalies that are found",
    of=("anomaly",),
    higher_is_better=True,
)
State = Alarms


def compute(state: Alarms) -> np.ndarray:
    return ratio(state.found_R, state.found_R + state.missed_R)

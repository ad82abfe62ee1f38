"""F1 of the anomalies: the harmonic mean of precision and recall, at the threshold that was chosen on normal examples."""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.contract import ratio
from fukami.metrics.states.alarms import Alarms

CARD = MetricCard(
    name="f1",
    label="F1",
    summary="harmonic mean of precision and recall of the alarms",
    of=("anomaly",),
    higher_is_better=True,
    unit="score",
)
State = Alarms


def compute(state: Alarms) -> np.ndarray:
    both_R = 2 * state.found_R
    known_R = state.found_R + state.missed_R
    return np.where(known_R > 0, ratio(both_R, both_R + state.false_R + state.missed_R, empty=0.0), np.nan)

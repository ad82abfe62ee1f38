"""False alarms: of the normal examples, the share that is called an anomaly."""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.contract import ratio
from fukami.metrics.states.alarms import Alarms

CARD = MetricCard(
    name="false_alarm_rate",
    label="false-alarm rate",
    summary="share of the normal examples that are called anomalies",
    of=("anomaly",),
    higher_is_better=False,
)
State = Alarms


def compute(state: Alarms) -> np.ndarray:
    return ratio(state.false_R, state.false_R + state.quiet_R)

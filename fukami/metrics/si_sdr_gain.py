"""By how many decibels answers are better than what was given, in the scale-invariant ratio of signal to distortion."""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.states.distortion import Distortion as State

CARD = MetricCard(
    name="si_sdr_gain",
    label="SI-SDR gain",
    summary="how many decibels clearer recordings became, whatever their loudness; the mean over recordings",
    of=("sound",),
    higher_is_better=True,
    low=None,
    high=None,
    unit="score",
)


def compute(state: State) -> np.ndarray:
    found_R2 = state.means()
    return found_R2[:, 0] - found_R2[:, 1]

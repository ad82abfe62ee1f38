"""How many decibels answers are above their errors: the scale-invariant ratio of signal to distortion."""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.states.distortion import Distortion as State

CARD = MetricCard(
    name="si_sdr",
    label="SI-SDR",
    summary="how many decibels recordings are above their errors, whatever their loudness; the mean over recordings",
    of=("sound",),
    higher_is_better=True,
    low=None,
    high=None,
    unit="score",
)


def compute(state: State) -> np.ndarray:
    return state.means()[:, 0]

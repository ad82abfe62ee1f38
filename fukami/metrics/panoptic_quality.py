"""Panoptic quality of things (Kirillov et al. 2019, arXiv:1801.00868): how many are found, times how well they are drawn.

What is told of a picture is laid on it, the surest first, and each pixel belongs to one thing. A true thing is found where an
answer of its class has more than half in common with it; the IoU of those, over found + half of invented + half of missed,
is the quality of a class, and the mean over classes that occur is the figure.
"""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.states.panoptic import Panoptic

CARD = MetricCard(
    name="panoptic_quality",
    label="panoptic quality",
    summary="share of things that are found, times how much their masks have in common with the true ones",
    of=("instances",),
    higher_is_better=True,
)
State = Panoptic


def compute(state: Panoptic) -> np.ndarray:
    return state.quality()

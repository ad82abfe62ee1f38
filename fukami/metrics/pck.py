"""Percentage of correct keypoints (Yang and Ramanan 2013): known points that are found within a share of their thing's size.

The size is the longer side of the thing's box, the share an option (`within`, 0.1). Each true thing is compared with the answer
that is most like it (OKS), the surest answers choosing first; points of a thing that none is like are wrong.
"""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.contract import ratio
from fukami.metrics.states.points import CorrectPoints

CARD = MetricCard(
    name="pck",
    label="PCK",
    summary="share of known points that are found within a tenth (`within`) of the longer side of their thing's box",
    of=("keypoints",),
    higher_is_better=True,
    sentence="{value} of the points are found within the allowed distance, on {examples} held-out pictures.",
)
State = CorrectPoints


def compute(state: CorrectPoints) -> np.ndarray:
    correct_R, known_R = state.sums_2RP.sum(2)
    return ratio(correct_R, known_R)

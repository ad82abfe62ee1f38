"""Mean intersection over union (Jaccard index): of all pixels of all examples together, class by class, then averaged.

The classes that occur as truth or answer count; pixels that are not judged are left out. That is the figure of CamVid,
Cityscapes and Pascal VOC; a mean over pictures would be another one.
"""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.states.overlap import Overlap

CARD = MetricCard(
    name="miou",
    label="mIoU",
    summary="mean over classes of the share that answer and truth have in common of all that either covers",
    of=("mask",),
    higher_is_better=True,
    sentence="Of what model or truth mark, both mark {value}, averaged over the classes, on {examples} held-out examples.",
)
State = Overlap


def compute(state: Overlap) -> np.ndarray:
    return state.mean(state.iou())

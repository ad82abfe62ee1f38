"""Average precision of keypoints at an OKS of 0.5, as COCO computes it."""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.states.detections import Detections

CARD = MetricCard(
    name="oks_ap50",
    label="OKS AP50",
    summary="average precision of poses that are like the true one by half (OKS from 0.5 on)",
    of=("keypoints",),
    higher_is_better=True,
)
State = Detections


def compute(state: Detections) -> np.ndarray:
    return state.mean(slice(0, 1))

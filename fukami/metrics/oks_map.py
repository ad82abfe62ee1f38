"""Mean average precision of keypoints, over OKS thresholds from 0.5 to 0.95: COCO's `keypoints` (`pycocotools`)."""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.states.detections import Detections

CARD = MetricCard(
    name="oks_map",
    label="OKS mAP 50–95",
    summary="mean average precision of poses: over thresholds of likeness (OKS) from 0.5 to 0.95",
    of=("keypoints",),
    higher_is_better=True,
)
State = Detections


def compute(state: Detections) -> np.ndarray:
    return state.mean()

"""Mean average precision of masks, over IoU thresholds from 0.5 to 0.95: COCO's `segm` (Lin et al. 2014, `pycocotools`)."""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.states.detections import Detections

CARD = MetricCard(
    name="mask_map",
    label="mask mAP 50–95",
    summary="mean average precision of masks: over IoU thresholds from 0.5 to 0.95",
    of=("instances",),
    higher_is_better=True,
)
State = Detections


def compute(state: Detections) -> np.ndarray:
    return state.mean()

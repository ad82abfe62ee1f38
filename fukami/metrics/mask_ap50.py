"""Mean average precision of masks at an IoU of 0.5, as COCO computes it (`segm`, `pycocotools`)."""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.states.detections import Detections

CARD = MetricCard(
    name="mask_ap50",
    label="mask AP 50",
    summary="mean average precision of masks that share half with the true one (IoU from 0.5 on)",
    of=("instances",),
    higher_is_better=True,
    sentence="The masks reach a mean average precision of {value} (IoU from 0.5 on) on {examples} held-out pictures.",
)
State = Detections


def compute(state: Detections) -> np.ndarray:
    return state.mean(slice(0, 1))

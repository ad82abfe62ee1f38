"""Mean average precision at an IoU of 0.5, the figure of Pascal VOC and of most detectors' tables, as COCO computes it."""

import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.states.detections import Detections

CARD = MetricCard(
    name="map50",
    label="mAP 50",
    summary="mean average precision of boxes that overlap the true one by half (IoU from 0.5 on)",
    of=("boxes",),
    higher_is_better=True,
    sentence="The boxes reach a mean average precision of {value} (IoU from 0.5 on) on {examples} held-out pictures.",
)
State = Detections


def compute(state: Detections) -> np.ndarray:
    return state.mean(slice(0, 1))

"""Boxes that were answered, each with whether it found something: what average precision is read from.

That is the protocol of COCO (`pycocotools.cocoeval`, all areas, precision at 101 recalls; `fields/boxes/matching.py`).
Different: answers of one score count together, so that the order of examples never matters; and each example has a weight.
B examples, R replicates, D answers, K classes, S thresholds of IoU.
"""

from typing import Any

import numpy as np

from fukami.fields.boxes.matching import Found, matched
from fukami.metrics.contract import State

THRESHOLDS = np.linspace(0.5, 0.95, 10)
RECALLS = np.linspace(0.0, 1.0, 101)


class Detections(State):
    """Every answer with what it found, and how many true boxes of each class each example has."""

    def __init__(self, target: Any, replicates: int = 0, *, room: float = 1.0):
        super().__init__(target, replicates, room=room)
        self.classes = len(target.state["classes"])
        self._parts: list[tuple[Found, np.ndarray, np.ndarray]] = []

    def update(self, answers: Any, truth: Any, weights_RB: np.ndarray, /) -> None:
        self._parts.append((*matched(answers, truth, self.classes, THRESHOLDS), weights_RB))

    def merge(self, other: "Detections") -> None:
        self._parts += other._parts

    def average_precision(self, thresholds: slice = slice(None), *, drawn: bool = True) -> np.ndarray:
        """`ap_RKS`: of the data and, where `drawn`, each replicate, class and threshold; NaN where no true box is judged."""
        rows, S = 1 + self.replicates * drawn, len(THRESHOLDS[thresholds])
        ap_RKS = np.full((rows, self.classes, S), np.nan)
        if not self._parts:
            return ap_RKS
        starts = np.cumsum([0, *(len(judged_BK) for _found, judged_BK, _w in self._parts)])
        example = np.concatenate([f.example + start for (f, _j, _w), start in zip(self._parts, starts, strict=False)])
        kind, score, right = (
            np.concatenate([getattr(found, name) for found, _j, _w in self._parts]) for name in ("kind", "score", "right")
        )
        weights_RB = np.concatenate([w for _f, _j, w in self._parts], axis=1)
        true_RK = weights_RB @ np.concatenate([judged_BK for _f, judged_BK, _w in self._parts]).astype(np.float64)
        for k in range(self.classes):
            own = np.flatnonzero(kind == k)
            own = own[np.argsort(-score[own], kind="stable")]
            last = np.flatnonzero(np.append(np.diff(score[own]) != 0, True)) if len(own) else own
            for s in range(S):
                right_D = right[own, thresholds][:, s]
                for r in range(rows):
                    if true_RK[r, k] > 0:
                        weight_D = weights_RB[r, example[own]]
                        ap_RKS[r, k, s] = _area(right_D, weight_D, last, true_RK[r, k])
        return ap_RKS

    def mean(self, thresholds: slice = slice(None)) -> np.ndarray:
        """(1 + R,): average precision, mean over classes that occur and over thresholds."""
        ap_RK = self.average_precision(thresholds).mean(2)
        known_RK = ~np.isnan(ap_RK)
        count_R = known_RK.sum(1)
        total_R = np.where(known_RK, ap_RK, 0.0).sum(1)
        return np.divide(total_R, count_R, out=np.full(len(ap_RK), np.nan), where=count_R > 0)


def _area(right_D: np.ndarray, weight_D: np.ndarray, last: np.ndarray, true: float) -> float:
    """Precision at 101 recalls, each the best at that recall or a higher one; 0 where that is not reached."""
    hits = np.cumsum(weight_D * (right_D == 1))[last]
    all_answers = hits + np.cumsum(weight_D * (right_D == 0))[last]
    precision = np.divide(hits, all_answers, out=np.zeros(len(last)), where=all_answers > 0)
    envelope = np.append(np.maximum.accumulate(precision[::-1])[::-1], 0.0)
    return float(envelope[np.searchsorted(hits / true, RECALLS, side="left")].mean())

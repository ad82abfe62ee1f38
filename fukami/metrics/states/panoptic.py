"""Things that are found, invented and missed where no two may share a pixel: what panoptic quality is read from.

B examples, R replicates, K classes, D answers, G true things.
"""

from typing import Any

import numpy as np

from fukami.fields import batch as trees
from fukami.fields.boxes.matching import CROWD, some
from fukami.fields.boxes.overlap import overlaps
from fukami.metrics.contract import State, mean_where, ratio

HALF = 0.5


class Panoptic(State):
    """Per class the IoU of what is found, and how many are found, invented, missed."""

    def __init__(self, target: Any, replicates: int = 0, *, room: float = 1.0):
        super().__init__(target, replicates, room=room)
        self.sums_4RK = np.zeros((4, 1 + replicates, len(target.state["classes"])))

    def update(self, answers: Any, truth: Any, weights_RB: np.ndarray, /) -> None:
        told = trees.arrays(self.target.told_of(trees.tensors(trees.mapped(answers, np.array))))
        for b, (given, known) in enumerate(zip(told.each(), truth.each(), strict=True)):
            self.sums_4RK += counted(given, known, self.sums_4RK.shape[2])[:, None] * weights_RB[:, b, None]

    def merge(self, other: "Panoptic") -> None:
        self.sums_4RK += other.sums_4RK

    def quality(self) -> np.ndarray:
        """(1 + R,): mean over the classes that occur in answers or truth."""
        iou_RK, found_RK, invented_RK, missed_RK = self.sums_4RK
        all_RK = found_RK + invented_RK / 2 + missed_RK / 2
        return mean_where(ratio(iou_RK, all_RK, empty=0.0), all_RK > 0)


def counted(given: dict[str, np.ndarray], known: dict[str, np.ndarray], classes: int) -> np.ndarray:
    """(4, K): IoU of what is found, found, invented, missed, of one picture. What lies in a crowd is no fault."""
    given = alone(given)
    sums_4K = np.zeros((4, classes))
    judged_G = known["ignored"] == 0
    for k in np.union1d(given["class"], known["class"]).astype(int).tolist():
        own_D, own_G = given["class"] == k, (known["class"] == k) & judged_G
        crowd_Q = (known["class"] == k) & ~judged_G
        iou_DG = overlaps(some(given, own_D), some(known, own_G))
        hit_DG = iou_DG > HALF  # at most one for each: no two share a pixel
        invented = ~hit_DG.any(1)
        if crowd_Q.any():
            in_crowd_DQ = overlaps(some(given, own_D), some(known, crowd_Q), known["ignored"][crowd_Q] == CROWD) > HALF
            invented &= ~in_crowd_DQ.any(1)
        sums_4K[:, k] = iou_DG[hit_DG].sum(), hit_DG.any(0).sum(), invented.sum(), (~hit_DG.any(0)).sum()
    return sums_4K


def alone(given: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The same answers, of which each pixel belongs to the surest alone; those of which nothing is left are none."""
    masks, taken = given["mask"].copy(), np.zeros(given["mask"].shape[1:], np.uint8)
    for d in np.argsort(-given["score"], kind="stable"):
        masks[d] &= ~taken
        taken |= masks[d]
    return some({**given, "mask": masks}, np.flatnonzero(masks.any((1, 2))))

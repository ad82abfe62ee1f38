"""Details for boxes: each class on its own, what is taken for what, and the pictures with most faults. B examples, K classes.

Of the boxes that are told (those of at least the threshold) one that overlaps no true box by half is invented; one that
overlaps a true box of another class, confused; one whose true box a surer one has found, doubled. A true box that none has
found is missed.
"""

from collections import Counter
from typing import Any, NamedTuple

import numpy as np

from fukami.core.language import N_
from fukami.evaluate.details.confusion import Confusion
from fukami.evaluate.details.contract import Details
from fukami.evaluate.details.tables import Worst
from fukami.fields import batch as trees
from fukami.fields.boxes.matching import CROWD, pairs, some
from fukami.fields.boxes.overlap import overlaps
from fukami.metrics.contract import Running, State
from fukami.metrics.states.detections import Detections

OVERLAP = 0.5
MISSED, INVENTED, CONFUSED, DOUBLED = FAULTS = (N_("missed"), N_("invented"), N_("confused"), N_("doubled"))
MOST_BOXES = 60
"""Boxes of one picture that a report draws."""


class Judged(NamedTuple):
    """The boxes of one picture: the fault of each answered and of each true one (empty for none), and for the confused ones the
    true class."""

    answered: list[str]
    actual: list[str]
    instead: dict[int, int]


def judged(given: dict[str, np.ndarray], known: dict[str, np.ndarray]) -> Judged:
    """What is right and wrong about the answer `given` to one picture, the surest boxes first."""
    answered, instead = [INVENTED] * len(given["class"]), {}
    found_G = known["ignored"] > 0
    for k in np.unique(given["class"]):
        own_D, own_G = np.flatnonzero(given["class"] == k), np.flatnonzero(known["class"] == k)
        if len(own_G):
            ignored_G = known["ignored"][own_G]
            iou_DG = overlaps(some(given, own_D), some(known, own_G), ignored_G == CROWD)
            found_D = pairs(iou_DG, ignored_G, np.array([OVERLAP]))[:, 0]
            for d, g in zip(own_D.tolist(), found_D.tolist(), strict=True):
                if g >= 0:
                    answered[d] = ""
                    found_G[own_G[g]] = True
    actual = ["" if found else MISSED for found in found_G.tolist()]
    iou_DG = overlaps(given, known)
    for d, fault in enumerate(answered):
        if fault and iou_DG.shape[1] and iou_DG[d].max() >= OVERLAP:
            same_G = (known["class"] == given["class"][d]) & (iou_DG[d] >= OVERLAP)
            answered[d] = DOUBLED if same_G.any() else CONFUSED
            if not same_G.any():
                instead[d] = int(known["class"][iou_DG[d].argmax()])
    return Judged(answered, actual, instead)


class CollectedDetails(Details):
    """Precision, recall and F1 of each class at the threshold, with its average precision; confusions; faults, and the pictures
    that have most of them."""

    def __init__(self, target: Any, *, seed: int = 0, keep: int = 24):
        super().__init__(target, seed=seed, keep=keep)
        self.labels: list[str] = target.labels()
        self.worst, self.faults = Worst(keep), Counter[str]()
        K = len(self.labels)
        self.right_K, self.answered_K, self.actual_K = (np.zeros(K, np.int64) for _ in range(3))
        self.confused_KK = np.zeros((K, K), np.int64)

    def states(self) -> tuple[type[State], ...]:
        return (Detections,)

    def update(self, answers: Any, truth: Any, rows: np.ndarray, /) -> None:
        if not self.keep:
            return
        told = trees.arrays(self.target.told_of(trees.tensors(trees.mapped(answers, np.array))))
        wrong, pictures = [], []
        for given, known in zip(told.each(), truth.each(), strict=True):
            found = judged(given, known)
            counted_G, counted_D = known["ignored"] == 0, np.array([fault != "" for fault in found.answered], bool)
            actual, missed = known["class"][counted_G], np.array(found.actual)[counted_G] == MISSED
            K = len(self.labels)
            self.actual_K += np.bincount(actual, minlength=K)
            self.right_K += np.bincount(actual[~missed], minlength=K)
            np.add.at(self.confused_KK, (actual[~missed], actual[~missed]), 1)
            wrong_K = np.bincount(given["class"][counted_D], minlength=K)
            self.answered_K += np.bincount(actual[~missed], minlength=K) + wrong_K
            for d, k in found.instead.items():
                self.confused_KK[k, given["class"][d]] += 1
            faults = [fault for fault in (*found.answered, *found.actual) if fault]
            self.faults.update(faults)
            wrong.append(len(faults) / max(1, len(found.answered) + len(actual)))
            pictures.append((self.drawn(known, found.actual), self.drawn(given, found.answered)))
        some = np.flatnonzero(np.array(wrong) > 0)
        self.worst.update(np.array(wrong)[some], rows[some], [pictures[at] for at in some])

    def told(self, running: Running) -> dict[str, Any]:
        ap_KS = running.state(Detections).average_precision(drawn=False)[0]
        per_class = [
            {
                "label": label,
                "precision": _share(self.right_K[k], self.answered_K[k]),
                "recall": _share(self.right_K[k], self.actual_K[k]),
                "f1": _share(2 * self.right_K[k], self.answered_K[k] + self.actual_K[k]),
                "ap50": float(ap_KS[k, 0]),
                "ap": float(ap_KS[k].mean()),
                "support": int(self.actual_K[k]),
            }
            for k, label in enumerate(self.labels)
        ]
        confusion = Confusion(self.labels)
        confusion.add(self.confused_KK)
        mistakes = [{**one, "rank": N_("share of boxes that are wrong")} for one in self.worst.told()]
        faults = {fault: self.faults[fault] for fault in FAULTS}
        return {"per_class": per_class, "confusion": confusion.told(), "faults": faults, "mistakes": mistakes}

    def drawn(self, rows: dict[str, np.ndarray], faults: list[str]) -> list[dict[str, Any]]:
        """What the target's `drawn` takes, faults first where there is too much."""
        order = sorted(range(len(faults)), key=lambda at: faults[at] == "")[:MOST_BOXES]
        return [self.one(rows, at) | ({"fault": faults[at]} if faults[at] else {}) for at in order]

    def one(self, rows: dict[str, np.ndarray], at: int) -> dict[str, Any]:
        """What is drawn of one box."""
        one: dict[str, Any] = {"corners": [round(float(v), 5) for v in rows["box"][at]], "class": int(rows["class"][at])}
        return one | ({"score": round(float(rows["score"][at]), 3)} if "score" in rows else {})


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole else float("nan")

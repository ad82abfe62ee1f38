"""Which true box each answered one finds, where both are boxes with a class. B examples, D answers, G true boxes, K classes, S
thresholds of IoU.

An answer finds a true box of its class where their IoU reaches a threshold: the surest answer chooses first, each true box is
found once, and what finds a box that is not judged counts neither way (a crowd may be found by any number). That is the
protocol of COCO (`pycocotools.cocoeval`).
"""

from typing import Any, NamedTuple

import numpy as np

from fukami.fields.boxes.overlap import overlaps

CROWD = 2
UNSETTLED = 0.3
"""The score from which on a box is told, where nothing says better."""


class Found(NamedTuple):
    """Answers of some examples: which example, class and score each has, and at each threshold whether it is right (1), wrong
    (0), or found what is not judged (-1)."""

    example: np.ndarray
    kind: np.ndarray
    score: np.ndarray
    right: np.ndarray


def matched(answers: Any, truth: Any, classes: int, thresholds: np.ndarray) -> tuple[Found, np.ndarray]:
    """What each answer found, and `judged_BK`: true boxes of each class that are judged."""
    B = len(truth)
    judged_BK = np.zeros((B, classes), np.int64)
    example_T = np.repeat(np.arange(B), np.asarray(truth.counts))
    counted_T = np.asarray(truth.columns["ignored"]) == 0
    np.add.at(judged_BK, (example_T[counted_T], np.asarray(truth.columns["class"])[counted_T]), 1)
    example = np.repeat(np.arange(B), np.asarray(answers.counts))
    kind, score = (np.asarray(answers.columns[name]) for name in ("class", "score"))
    right = np.zeros((len(kind), len(thresholds)), np.int8)
    start = 0
    for given, known in zip(answers.each(), truth.each(), strict=True):
        for k in np.unique(given["class"]):
            own_D, own_G = np.flatnonzero(given["class"] == k), np.flatnonzero(known["class"] == k)
            own_D = own_D[np.argsort(-given["score"][own_D], kind="stable")]
            if len(own_G):
                ignored_G = known["ignored"][own_G]
                found_DS = pairs(overlaps(some(given, own_D), some(known, own_G), ignored_G == CROWD), ignored_G, thresholds)
                ignored_DS = ignored_G[found_DS.clip(0)] > 0
                right[start + own_D] = np.where(found_DS < 0, 0, np.where(ignored_DS, -1, 1))
        start += len(given["class"])
    return Found(example, kind.astype(np.int64), score.astype(np.float64), right), judged_BK


def some(rows: dict[str, np.ndarray], own: np.ndarray) -> dict[str, np.ndarray]:
    """The same columns of those rows."""
    return {name: column[own] for name, column in rows.items()}


def pairs(iou_DG: np.ndarray, ignored_G: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """`found_DS`: the true thing that each answer, the surest first, finds at each threshold; -1 for none."""
    free_SG = np.ones((len(thresholds), len(ignored_G)), bool)
    found_DS = np.full((len(iou_DG), len(thresholds)), -1)
    least_S1, at_S = np.minimum(thresholds, 1 - 1e-10)[:, None], np.arange(len(thresholds))
    # what is judged goes before what is not, and of equal overlaps the last is taken, as COCO does
    rank_G = np.where(ignored_G > 0, -2.0, 0.0)
    for d, iou_G in enumerate(iou_DG):
        if iou_G.max() < least_S1[0, 0]:
            continue
        value_SG = np.where(free_SG & (iou_G >= least_S1), iou_G + rank_G, -np.inf)
        best_S = len(iou_G) - 1 - value_SG[:, ::-1].argmax(1)
        any_S = value_SG[at_S, best_S] > -np.inf
        found_DS[d, any_S] = best_S[any_S]
        taken_S = any_S & (ignored_G[best_S] != CROWD)
        free_SG[at_S[taken_S], best_S[taken_S]] = False
    return found_DS


def best_threshold(answers: Any, truth: Any, overlap: float) -> float:
    """The score from which on answers agree best with the truth: the highest F1 over all classes; between two scores."""
    classes = 1 + max((int(np.max(one.columns["class"], initial=0)) for one in (answers, truth)), default=0)
    found, judged_BK = matched(answers, truth, classes, np.array([overlap]))
    counted_D = found.right[:, 0] >= 0
    score, right_D = found.score[counted_D], found.right[counted_D, 0] == 1
    if not len(score) or not right_D.any():
        return UNSETTLED
    order = np.argsort(-score, kind="stable")
    score, hits_D = score[order], np.cumsum(right_D[order])
    last = np.append(np.diff(score) != 0, True)
    f1_D = np.where(last, 2 * hits_D / (np.arange(1, len(hits_D) + 1) + judged_BK.sum()), -1.0)
    best = int(f1_D.argmax())
    below = score[best + 1] if best + 1 < len(score) else score[best] * 0.9
    return round(float((score[best] + below) / 2), 4)

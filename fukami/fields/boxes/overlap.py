"""How much boxes overlap, and which of them are left where several stand for one thing. Boxes are left, top, right, bottom."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from fukami.core.lazily import torch
from fukami.fields.instances import bits
from fukami.fields.keypoints.oks import likeness


def iou(left_P4: np.ndarray, right_Q4: np.ndarray, crowd_Q: np.ndarray | None = None) -> np.ndarray:
    """`iou_PQ` float64: what two boxes have in common, as a share of what either covers; of the left one where `crowd_Q`.

    >>> iou(np.array([[0.0, 0, 2, 2]]), np.array([[1.0, 0, 3, 2], [5, 5, 6, 6]])).round(3).tolist()
    [[0.333, 0.0]]
    """
    left_P4, right_Q4 = left_P4.astype(np.float64), right_Q4.astype(np.float64)
    low = np.maximum(left_P4[:, None, :2], right_Q4[None, :, :2])
    high = np.minimum(left_P4[:, None, 2:], right_Q4[None, :, 2:])
    common_PQ = np.clip(high - low, 0, None).prod(2)
    left_P, right_Q = ((box[:, 2:] - box[:, :2]).prod(1) for box in (left_P4, right_Q4))
    either_PQ = left_P[:, None] + right_Q[None] - common_PQ
    if crowd_Q is not None:
        either_PQ = np.where(crowd_Q[None], left_P[:, None], either_PQ)
    return np.divide(common_PQ, either_PQ, out=np.zeros_like(common_PQ), where=either_PQ > 0)


def overlaps(left: Mapping[str, np.ndarray], right: Mapping[str, np.ndarray], crowd_Q: np.ndarray | None = None) -> np.ndarray:
    """The same of things, as columns of `Rows`: of their masks where they have some, else of their boxes; of things with points
    how near these are."""
    if "points" in left:
        return likeness(left, right)
    if "mask" not in left:
        return iou(left["box"], right["box"], crowd_Q)
    low = np.maximum(left["box"][:, None, :2], right["box"][None, :, :2]) - NEAR
    high = np.minimum(left["box"][:, None, 2:], right["box"][None, :, 2:]) + NEAR
    common_PQ = bits.common(left["mask"], right["mask"], np.all(high > low, axis=2))
    left_P, right_Q = bits.areas(left["mask"]), bits.areas(right["mask"])
    either_PQ = left_P[:, None] + right_Q[None] - common_PQ
    if crowd_Q is not None:
        either_PQ = np.where(crowd_Q[None], left_P[:, None], either_PQ)
    return np.divide(common_PQ, either_PQ, out=np.zeros(common_PQ.shape), where=either_PQ > 0)


NEAR = 0.05
"""How far boxes may lie apart, as a share of the picture, so that their masks are compared at all."""
MOST_CANDIDATES = 1000
"""The surest boxes among which the best are looked for."""


def left_over(
    box_A4: torch.Tensor, score_AK: torch.Tensor, *, floor: float, overlap: float, most: int
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Box, class and score of what is left of A boxes with K scores each: those of at least `floor`, without any that overlaps
    a surer one of its class by more than `overlap` (greedy non-maximum suppression), the surest first, at most `most`.
    """
    from torchvision.ops import nms

    K = score_AK.shape[1]
    score_C, at_C = score_AK.flatten().sort(descending=True, stable=True)
    score_C, at_C = score_C[:MOST_CANDIDATES], at_C[:MOST_CANDIDATES]
    sure_C = score_C >= floor
    score_C, at_C = score_C[sure_C], at_C[sure_C]
    box_C4, class_C = box_A4[at_C // K], at_C % K
    kept_C = torch.zeros_like(sure_C[: len(score_C)])
    for k in class_C.unique().tolist():
        own = torch.nonzero(class_C == k).flatten()
        kept_C[own[nms(box_C4[own], score_C[own], overlap)]] = True
    left = torch.nonzero(kept_C).flatten()[:most]
    return box_C4[left], class_C[left], score_C[left]

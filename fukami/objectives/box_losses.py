"""Losses of boxes: how far one is from another, by what they share, and how far edges are, by a distribution over distances.

GIoU: Rezatofighi et al. 2019 (arXiv:1902.09630); DIoU and CIoU: Zheng et al. 2020 (arXiv:1911.08287); quality focal loss and
distribution focal loss: Li et al. 2020 (arXiv:2006.04388). Boxes are left, top, right, bottom; any axes before the last.
"""

import math

import torch
from torch.nn import functional as F

EPS = 1e-7


def likeness(one: torch.Tensor, other: torch.Tensor, *, kind: str = "iou") -> torch.Tensor:
    """How alike boxes are: 1 where they are the same.

    `kind`: `iou`, the share of what either covers that both do; `giou`, less the share of the box around both that neither
    covers; `diou`, less how far apart the middles are; `ciou`, less how their shapes differ as well. All but the first say of
    boxes that are apart how far, so that there is something to learn by.

    >>> left, right = torch.tensor([0.0, 0, 2, 2]), torch.tensor([2.0, 0, 4, 2])
    >>> [round(float(likeness(left, right, kind=kind)), 2) for kind in ("iou", "giou", "diou", "ciou")]
    [0.0, 0.0, -0.2, -0.2]
    """
    low, high = torch.maximum(one[..., :2], other[..., :2]), torch.minimum(one[..., 2:], other[..., 2:])
    common = (high - low).clamp_min(0).prod(-1)
    (width, height), (width_, height_) = ((box[..., 2:] - box[..., :2]).unbind(-1) for box in (one, other))
    either = width * height + width_ * height_ - common
    iou = common / (either + EPS)
    if kind == "iou":
        return iou
    around = torch.maximum(one[..., 2:], other[..., 2:]) - torch.minimum(one[..., :2], other[..., :2])
    if kind == "giou":
        area = around.prod(-1)
        return iou - (area - either) / (area + EPS)
    apart = ((one[..., :2] + one[..., 2:] - other[..., :2] - other[..., 2:]) / 2).square().sum(-1)
    diou = iou - apart / (around.square().sum(-1) + EPS)
    if kind == "diou":
        return diou
    shape = (4 / math.pi**2) * (torch.atan(width_ / (height_ + EPS)) - torch.atan(width / (height + EPS))).square()
    with torch.no_grad():
        weight = shape / (1 - iou + shape + EPS)
    return diou - weight * shape


def distribution_focal(logits_PR: torch.Tensor, distance_P: torch.Tensor) -> torch.Tensor:
    """Cross entropy (P,) of a distribution over the distances 0, 1, … R - 1 with the two of them between which a distance lies,
    each by how near it is. Distances beyond the last are taken for it.

    >>> sure = torch.tensor([[0.0, 50.0, 50.0, 0.0]])
    >>> round(float(distribution_focal(sure, torch.tensor([1.5]))), 4)  # half and half: as unsure as it has to be
    0.6931
    """
    R = logits_PR.shape[-1]
    distance_P = distance_P.clamp(0, R - 1 - 1e-3)
    below_P = distance_P.long()
    near_P = distance_P - below_P
    log_PR = F.log_softmax(logits_PR, -1)
    at = [log_PR.gather(-1, (below_P + more).unsqueeze(-1)).squeeze(-1) for more in (0, 1)]
    return -(at[0] * (1 - near_P) + at[1] * near_P)


def quality_focal(logits: torch.Tensor, quality: torch.Tensor, gamma: float = 2.0) -> torch.Tensor:
    """Cross entropy of scores with shares from 0 to 1, each weighed by its distance to the power of `gamma`: what is right
    already counts for nothing. The weight is learned from as well, so that the loss is smooth and least where both agree.

    >>> quality_focal(torch.tensor([0.0, 0.0]), torch.tensor([0.5, 1.0])).tolist()[0]
    0.0
    """
    away = (logits.sigmoid() - quality).abs() ** gamma
    return away * F.binary_cross_entropy_with_logits(logits, quality, reduction="none")

"""Focal loss of K independent yes-or-no labels, averaged over the labels (Lin et al. 2017).

    loss_b = mean_k w_bk * (1 - p_bk)^gamma * bce_bk,   p_bk the probability given to the right answer of label k

`w_bk` is the class weight where the label is there and 1 where it is not, instead of the paper's alpha. B batch, K labels.
"""

import torch
import torch.nn.functional as F

from fukami.core.cards import LossCard
from fukami.core.recipe import LearningChoices

CARD = LossCard(
    name="focal-binary",
    summary="binary cross-entropy in which labels that are already right count less",
    of=("categories",),
)


def build(learning: LearningChoices, *, class_weights: torch.Tensor | None = None):
    """The function `(outputs_BK, targets_BK of 0 and 1) -> loss_B`.

    >>> loss = build(LearningChoices(focal_gamma=2.0))
    >>> [round(x, 4) for x in loss(torch.tensor([[0.0, 2.0]]), torch.tensor([[1.0, 0.0]])).tolist()]
    [0.9117]
    """
    gamma = learning.focal_gamma

    def loss(outputs_BK: torch.Tensor, targets_BK: torch.Tensor) -> torch.Tensor:
        goal_BK = targets_BK.to(outputs_BK.dtype)
        weight = None if class_weights is None else class_weights.to(outputs_BK)
        bce_BK = F.binary_cross_entropy_with_logits(outputs_BK, goal_BK, reduction="none")
        # bce is -log p of the right answer, so -expm1(-bce) is 1 - p; the clamp keeps the gradient finite for gamma < 1
        if gamma:
            loss_BK = bce_BK * (-torch.expm1(-bce_BK)).clamp_min(1e-12).pow(gamma)
        else:
            loss_BK = bce_BK
        if weight is not None:
            loss_BK = loss_BK * (goal_BK * weight + 1 - goal_BK)
        return loss_BK.mean(-1)

    return loss

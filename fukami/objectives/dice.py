"""Dice loss: how far each class's area of probability is from covering the class's pixels (Milletari et al. 2016).

    loss_b = 1 - mean_k (2 * sum_p p_pk * t_pk + 1) / (sum_p p_pk^2 + sum_p t_pk + 1)

The mean is over the classes that the picture shows; pixels that are not judged count in no sum. The 1 keeps a class of few
pixels from deciding alone. B batch, K classes, H and W pixels.
"""

import torch

from fukami.core.cards import LossCard
from fukami.core.recipe import LearningChoices

CARD = LossCard(
    name="dice",
    summary="how much of each class's area is covered, however small the class",
    of=("mask",),
)
IGNORE = 255


def build(learning: LearningChoices, *, class_weights: torch.Tensor | None = None):
    """The function `(outputs_BKHW, targets_BHW int64, 255 for what is not judged) -> loss_B`. Every class counts alike, so
    class weights change nothing.

    >>> outputs = torch.tensor([[[[20.0, -20.0]], [[-20.0, 20.0]]]])
    >>> round(build(LearningChoices())(outputs, torch.tensor([[[0, 1]]])).item(), 4)
    0.0
    """

    def loss(outputs_BKHW: torch.Tensor, targets_BHW: torch.Tensor) -> torch.Tensor:
        K = outputs_BKHW.shape[1]
        judged_B1HW = (targets_BHW != IGNORE).unsqueeze(1)
        p_BKHW = outputs_BKHW.softmax(1) * judged_B1HW
        classes_K11 = torch.arange(K, device=targets_BHW.device)[:, None, None]
        t_BKHW = (targets_BHW.unsqueeze(1) == classes_K11).to(p_BKHW.dtype)
        both_BK, drawn_BK = (p_BKHW * t_BKHW).sum((2, 3)), t_BKHW.sum((2, 3))
        dice_BK = (2 * both_BK + 1) / (p_BKHW.square().sum((2, 3)) + drawn_BK + 1)
        shown_BK = (drawn_BK > 0).to(p_BKHW.dtype)
        return ((1 - dice_BK) * shown_BK).sum(1) / shown_BK.sum(1).clamp_min(1)

    return loss

"""Focal loss for one class among K: easy examples count less (Lin et al. 2017, there for two classes with a sigmoid).

    loss_b = -w_{t_b} * (1 - p_b)^gamma * log p_b,   p_b = softmax(outputs_b)_{t_b}

`gamma = 0` is cross-entropy. Label smoothing is not applied. B batch, K classes.
"""

import torch

from fukami.core.cards import LossCard
from fukami.core.recipe import LearningChoices

CARD = LossCard(
    name="focal",
    summary="cross-entropy in which examples that are already right count less",
    of=("category",),
)


def build(learning: LearningChoices, *, class_weights: torch.Tensor | None = None):
    """The function `(outputs_BK, targets_B int64) -> loss_B`. `class_weights` (K) multiply the loss of examples of a class.

    >>> loss = build(LearningChoices(focal_gamma=2.0))
    >>> [round(x, 4) for x in loss(torch.tensor([[0.0, 0.0], [2.0, 0.0]]), torch.tensor([0, 0])).tolist()]
    [0.1733, 0.0018]
    """
    gamma = learning.focal_gamma

    def loss(outputs_BK: torch.Tensor, targets_B: torch.Tensor) -> torch.Tensor:
        log_p_BK = outputs_BK.log_softmax(-1)
        log_p_B = log_p_BK.gather(-1, targets_B[:, None]).squeeze(-1)
        if gamma:
            # -expm1(log p) is 1 - p without cancellation; the clamp keeps the gradient of x^gamma finite at p = 1 for gamma < 1
            loss_B = -log_p_B * (-torch.expm1(log_p_B)).clamp_min(1e-12).pow(gamma)
        else:
            loss_B = -log_p_B
        if class_weights is None:
            return loss_B
        return loss_B * class_weights.to(loss_B)[targets_B]

    return loss

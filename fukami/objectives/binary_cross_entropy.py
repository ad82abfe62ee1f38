"""Cross-entropy of K independent yes-or-no labels, averaged over the labels.

    loss_b = -mean_k [ w_k * t_bk * log sigmoid(o_bk) + (1 - t_bk) * log(1 - sigmoid(o_bk)) ]

Label smoothing moves both answers towards a half: t' = (1 - s) * t + s / 2. B batch, K labels.
"""

import torch
import torch.nn.functional as F

from fukami.core.cards import LossCard
from fukami.core.recipe import LearningChoices

CARD = LossCard(
    name="binary-cross-entropy",
    summary="how surprised the model is by each label being there or not",
    of=("categories",),
)


def build(learning: LearningChoices, *, class_weights: torch.Tensor | None = None):
    """The function `(outputs_BK, targets_BK in [0, 1]) -> loss_B`. `class_weights` (K) multiply present labels.

    >>> loss = build(LearningChoices())
    >>> [round(x, 4) for x in loss(torch.tensor([[0.0, 2.0]]), torch.tensor([[1.0, 0.0]])).tolist()]
    [1.41]
    """
    smoothing = learning.label_smoothing

    def loss(outputs_BK: torch.Tensor, targets_BK: torch.Tensor) -> torch.Tensor:
        goal_BK = targets_BK.to(outputs_BK.dtype)
        goal_BK = goal_BK * (1 - smoothing) + smoothing / 2 if smoothing else goal_BK
        weight = None if class_weights is None else class_weights.to(outputs_BK)
        return F.binary_cross_entropy_with_logits(outputs_BK, goal_BK, pos_weight=weight, reduction="none").mean(-1)

    return loss

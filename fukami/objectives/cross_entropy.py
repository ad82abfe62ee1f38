"""Cross-entropy of one class among K, with label smoothing (Szegedy et al. 2016) and class weights.

    loss_b = -w_{t_b} * sum_k q_bk * log softmax(outputs_b)_k,   q_bk = (1 - s) * [k = t_b] + s / K

Unlike torch's `weight=`, the mean over a batch divides by the number of examples and smoothing is not weighted by class, so
the scale of the loss does not depend on which classes happen to be in a batch. B batch, K classes.
"""

import torch
import torch.nn.functional as F

from fukami.core.cards import LossCard
from fukami.core.recipe import LearningChoices

CARD = LossCard(
    name="cross-entropy",
    summary="how surprised the model is by the right class",
    of=("category",),
)


def build(learning: LearningChoices, *, class_weights: torch.Tensor | None = None):
    """The function `(outputs_BK, targets_B int64) -> loss_B`. `class_weights` (K) multiply the loss of examples of a class.

    >>> loss = build(LearningChoices())
    >>> [round(x, 4) for x in loss(torch.tensor([[0.0, 0.0], [2.0, 0.0]]), torch.tensor([0, 0])).tolist()]
    [0.6931, 0.1269]
    """
    smoothing = learning.label_smoothing

    def loss(outputs_BK: torch.Tensor, targets_B: torch.Tensor) -> torch.Tensor:
        loss_B = F.cross_entropy(outputs_BK, targets_B, reduction="none", label_smoothing=smoothing)
        if class_weights is None:
            return loss_B
        return loss_B * class_weights.to(loss_B)[targets_B]

    return loss

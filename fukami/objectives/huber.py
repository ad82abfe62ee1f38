"""Huber loss of a number: squared for small errors, linear for large ones (Huber 1964). B batch.

    loss_b = e^2 / 2 where |e| <= delta, else delta * (|e| - delta / 2),   e = output_b - target_b

`delta` is in standard deviations of the target.
"""

import torch
import torch.nn.functional as F

from fukami.core.cards import LossCard
from fukami.core.recipe import LearningChoices

CARD = LossCard(name="huber", summary="squared for small errors, linear for large ones", of=("number",))


def build(learning: LearningChoices, *, class_weights: torch.Tensor | None = None):
    """The function `(outputs_B1, targets_B) -> loss_B`. Class weights have no meaning here and are refused.

    >>> build(LearningChoices(huber_delta=1.0))(torch.tensor([[0.5], [-3.0]]), torch.zeros(2)).tolist()
    [0.125, 2.5]
    """
    assert class_weights is None, "a number has no classes"
    delta = learning.huber_delta

    def loss(outputs_B1: torch.Tensor, targets_B: torch.Tensor) -> torch.Tensor:
        return F.huber_loss(outputs_B1.squeeze(-1), targets_B.to(outputs_B1.dtype), reduction="none", delta=delta)

    return loss

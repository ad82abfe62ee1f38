"""Squared error of a number: `loss_b = (output_b - target_b)^2`, in the target's standardised unit. B batch."""

import torch

from fukami.core.cards import LossCard
from fukami.core.recipe import LearningChoices

CARD = LossCard(name="mse", summary="the square of the error; predicts the mean", of=("number",))


def build(learning: LearningChoices, *, class_weights: torch.Tensor | None = None):
    """The function `(outputs_B1, targets_B) -> loss_B`. Class weights have no meaning here and are refused.

    >>> build(LearningChoices())(torch.tensor([[0.5], [-3.0]]), torch.zeros(2)).tolist()
    [0.25, 9.0]
    """
    assert class_weights is None, "a number has no classes"

    def loss(outputs_B1: torch.Tensor, targets_B: torch.Tensor) -> torch.Tensor:
        return (outputs_B1.squeeze(-1) - targets_B).square()

    return loss

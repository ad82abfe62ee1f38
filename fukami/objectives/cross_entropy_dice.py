"""Cross-entropy of each pixel and Dice of each class, added: the one is smooth and knows every pixel, the other is near to the
mean IoU and knows small classes. Usual since nnU-Net (Isensee et al. 2021), with equal weights.
"""

import torch

from fukami.core.cards import LossCard
from fukami.core.recipe import LearningChoices
from fukami.objectives import dice, pixel_cross_entropy

CARD = LossCard(
    name="cross-entropy-dice",
    summary="cross-entropy of each pixel and Dice of each class, added",
    of=("mask",),
)


def build(learning: LearningChoices, *, class_weights: torch.Tensor | None = None):
    """The function `(outputs_BKHW, targets_BHW int64, 255 for what is not judged) -> loss_B`."""
    parts = [part.build(learning, class_weights=class_weights) for part in (pixel_cross_entropy, dice)]

    def loss(outputs_BKHW: torch.Tensor, targets_BHW: torch.Tensor) -> torch.Tensor:
        first, second = (part(outputs_BKHW, targets_BHW) for part in parts)
        return first + second

    return loss

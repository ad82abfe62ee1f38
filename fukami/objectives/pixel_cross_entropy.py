"""Cross-entropy of the class of each pixel, averaged over the pixels of a picture that are judged.

    loss_b = sum_p w_{t_p} * CE(outputs_p, t_p) / number of judged pixels of b

`w` are class weights with mean 1 over the training pixels, so the scale of the loss does not depend on which classes are in a
picture. A picture without a judged pixel has loss 0. B batch, K classes, H and W pixels.
"""

import torch
import torch.nn.functional as F

from fukami.core.cards import LossCard
from fukami.core.recipe import LearningChoices

CARD = LossCard(
    name="pixel-cross-entropy",
    summary="how surprised the model is by the right class of each pixel",
    of=("mask",),
)
IGNORE = 255


def build(learning: LearningChoices, *, class_weights: torch.Tensor | None = None):
    """The function `(outputs_BKHW, targets_BHW int64, 255 for what is not judged) -> loss_B`.

    >>> loss = build(LearningChoices())
    >>> outputs = torch.zeros(1, 2, 1, 2)
    >>> [round(x, 4) for x in loss(outputs, torch.tensor([[[0, 255]]])).tolist()]
    [0.6931]
    """
    smoothing = learning.label_smoothing

    def loss(outputs_BKHW: torch.Tensor, targets_BHW: torch.Tensor) -> torch.Tensor:
        judged_BHW = targets_BHW != IGNORE
        loss_BHW = F.cross_entropy(outputs_BKHW, targets_BHW, reduction="none", ignore_index=IGNORE, label_smoothing=smoothing)
        if class_weights is not None:
            loss_BHW = loss_BHW * class_weights.to(loss_BHW)[targets_BHW.where(judged_BHW, 0)]
        return loss_BHW.flatten(1).sum(1) / judged_BHW.flatten(1).sum(1).clamp_min(1)

    return loss

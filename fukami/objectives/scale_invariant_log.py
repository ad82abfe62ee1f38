"""Scale-invariant logarithmic loss of depth (Eigen et al. 2014, arXiv:1406.2283), as a root (Lee et al. 2019, BTS).

    d_p = outputs_p - targets_p over the P known pixels,   loss_b = sqrt(mean_p d_p^2 - 0.85 * (mean_p d_p)^2)

Both are logarithms. Were the 0.85 one, a depth that is wrong by the same factor everywhere would cost nothing. B batch, H and W
pixels.
"""

import torch

from fukami.core.cards import LossCard
from fukami.core.recipe import LearningChoices

CARD = LossCard(
    name="scale-invariant-log",
    summary="errors of the depth's logarithm, those that all pixels share counting less",
    of=("depth",),
)
FORGIVEN = 0.85
LEAST = 1e-6
"""The root of 0 has no slope."""


def build(learning: LearningChoices, *, class_weights: torch.Tensor | None = None):
    """The function `(outputs_BHW, targets_BHW, NaN where nothing is known) -> loss_B`.

    >>> outputs, targets = torch.tensor([[[1.0, 3.0, 0.0]]]), torch.tensor([[[1.0, 1.0, float("nan")]]])
    >>> round(build(LearningChoices())(outputs, targets).item() ** 2, 3)
    1.15
    """

    def loss(outputs_BHW: torch.Tensor, targets_BHW: torch.Tensor) -> torch.Tensor:
        known_BP = torch.isfinite(targets_BHW).flatten(1)
        off_BP = torch.where(known_BP, outputs_BHW.flatten(1) - targets_BHW.flatten(1).nan_to_num(), 0.0)
        count_B = known_BP.sum(1).clamp_min(1)
        mean_B = off_BP.sum(1) / count_B
        return (off_BP.square().sum(1) / count_B - FORGIVEN * mean_B.square()).clamp_min(LEAST).sqrt()

    return loss

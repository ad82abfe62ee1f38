"""ArcFace: cross-entropy over the angles to the centres of identities, with a margin (Deng, Guo, Xue and Zafeiriou 2019).

    loss_b = -log softmax_k(s cos(θ_bk + m [k = t_b]))_{t_b}

θ_bk is the angle between vector b and centre k. Beyond θ + m = π the margin turns into the line cos θ - m sin m, as in the
authors' code, so that the loss keeps rising. Examples of identities that were not learned cost nothing. B batch, K identities.
"""

import math

import torch

from fukami.core.cards import LossCard
from fukami.core.recipe import LearningChoices

CARD = LossCard(
    name="arcface", summary="cross-entropy over angles to the centres of identities, with a margin", of=("embedding",)
)
MARGIN, SCALE = 0.3, 16.0
"""Radians; the paper's 0.5 and 64 are for ten thousand identities."""


def build(learning: LearningChoices, *, class_weights: torch.Tensor | None = None):
    """The function `({"cosine": cosine_BK}, {"index": index_B}) -> loss_B`.

    >>> loss = build(LearningChoices(margin=0.3, scale=1.0))
    >>> cosine, index = torch.tensor([[0.8, 0.1], [0.1, 0.8]]), torch.tensor([0, -1])
    >>> [round(x, 4) for x in loss({"cosine": cosine}, {"index": index}).tolist()]
    [0.479, 0.0]
    """
    margin, scale = learning.margin or MARGIN, learning.scale or SCALE

    def loss(outputs: dict[str, torch.Tensor], targets: dict[str, torch.Tensor]) -> torch.Tensor:
        index_B, cosine_BK = targets["index"], outputs["cosine"]
        own_B1 = index_B.clamp_min(0)[:, None]
        cosine_B1 = cosine_BK.gather(1, own_B1).clamp(-1 + 1e-6, 1 - 1e-6)
        sine_B1 = (1 - cosine_B1.square()).sqrt()
        turned_B1 = cosine_B1 * math.cos(margin) - sine_B1 * math.sin(margin)
        turned_B1 = torch.where(cosine_B1 > math.cos(math.pi - margin), turned_B1, cosine_B1 - margin * math.sin(margin))
        logits_BK = scale * cosine_BK.scatter(1, own_B1, turned_B1)
        found_B = torch.nn.functional.cross_entropy(logits_BK, own_B1[:, 0], reduction="none")
        return torch.where(index_B >= 0, found_B, 0.0)

    return loss

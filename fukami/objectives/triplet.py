"""Triplet loss with the hardest examples of a batch (Schroff et al. 2015; Hermans, Beyer and Leibe 2017, "batch hard").

    loss_a = max(0, margin + max_p d(a, p) - min_n d(a, n))

over the p of a's identity and the n of others in the batch; d is the squared distance of unit vectors, 2 - 2 cos. Examples
without another of their identity, or of another, in the batch cost nothing. It looks at the examples of a batch together, so
that the loss of a batch computed in parts is another. B batch, D dimensions.
"""

import torch
from torch.nn.functional import normalize

from fukami.core.cards import LossCard
from fukami.core.recipe import LearningChoices

CARD = LossCard(
    name="triplet",
    summary="the least similar example of the same identity is to be nearer than the most similar of another",
    of=("embedding",),
)
MARGIN = 0.4


def build(learning: LearningChoices, *, class_weights: torch.Tensor | None = None):
    """The function `({"vector": vector_BD}, {"identity": identity_B}) -> loss`, the mean over examples that have both.

    >>> loss = build(LearningChoices(margin=0.5))
    >>> x = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    >>> round(loss({"vector": x}, {"identity": torch.tensor([7, 7, 9])}).item(), 4)
    1.9142
    """
    margin = learning.margin or MARGIN

    def loss(outputs: dict[str, torch.Tensor], targets: dict[str, torch.Tensor]) -> torch.Tensor:
        vector_BD, identity_B = normalize(outputs["vector"], dim=-1), targets["identity"]
        distance_BB = 2 - 2 * vector_BD @ vector_BD.T
        same_BB = identity_B[:, None] == identity_B
        self_BB = torch.eye(len(identity_B), dtype=torch.bool, device=identity_B.device)
        farthest_B = distance_BB.masked_fill(~same_BB | self_BB, -torch.inf).amax(1)
        nearest_B = distance_BB.masked_fill(same_BB, torch.inf).amin(1)
        counts_B = torch.isfinite(farthest_B) & torch.isfinite(nearest_B)
        apart_B = torch.where(counts_B, farthest_B, 0.0) - torch.where(counts_B, nearest_B, 0.0)
        found_B = torch.where(counts_B, (margin + apart_B).relu(), 0.0)
        return found_B.sum() / counts_B.sum().clamp_min(1) + 0 * distance_BB.sum()

    return loss

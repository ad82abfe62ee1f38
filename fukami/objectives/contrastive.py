"""Supervised contrastive loss (Khosla et al. 2020, "SupCon", the form L_out).

    loss_a = -mean over p of log( exp(s cos(a, p)) / Σ_{j ≠ a} exp(s cos(a, j)) )

over the other examples p of a's identity in the batch; s is the scale, one over the temperature. Examples without another of
their identity in the batch cost nothing. It looks at the examples of a batch together, so that the loss of a batch computed in
parts is another. B batch, D dimensions.
"""

import torch
from torch.nn.functional import normalize

from fukami.core.cards import LossCard
from fukami.core.recipe import LearningChoices

CARD = LossCard(
    name="contrastive",
    summary="examples of one identity attract each other among all examples of the batch",
    of=("embedding",),
)
SCALE = 10.0


def build(learning: LearningChoices, *, class_weights: torch.Tensor | None = None):
    """The function `({"vector": vector_BD}, {"identity": identity_B}) -> loss`, the mean over examples that have another.

    >>> loss = build(LearningChoices(scale=1.0))
    >>> x = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    >>> round(loss({"vector": x}, {"identity": torch.tensor([7, 9, 7])}).item(), 4)
    0.3133
    """
    scale = learning.scale or SCALE

    def loss(outputs: dict[str, torch.Tensor], targets: dict[str, torch.Tensor]) -> torch.Tensor:
        vector_BD, identity_B = normalize(outputs["vector"], dim=-1), targets["identity"]
        self_BB = torch.eye(len(identity_B), dtype=torch.bool, device=identity_B.device)
        logits_BB = (scale * vector_BD @ vector_BD.T).masked_fill(self_BB, -1e9)
        same_BB = (identity_B[:, None] == identity_B) & ~self_BB
        found_B = -(logits_BB.log_softmax(1) * same_BB).sum(1) / same_BB.sum(1).clamp_min(1)
        return found_B.sum() / same_BB.any(1).sum().clamp_min(1)

    return loss

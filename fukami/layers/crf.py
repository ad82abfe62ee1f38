"""A linear-chain conditional random field (Lafferty et al. 2001): tags of a sequence scored together.

    score(tags) = start[t_0] + Σ_l emissions[l, t_l] + Σ_l transitions[t_{l-1}, t_l] + end[t_last]
    p(tags) = exp(score(tags)) / Σ over all sequences exp(score)

The sum over sequences is taken by the forward algorithm in log space; `fields/tags/chain.py` has it, and what finds the best
sequence. Tags that may not follow one another are FORBIDDEN: their sequences have practically no probability, in learning as in
answering.

Shapes: B batch, L elements, K tags. After its end a sequence changes nothing.
"""

from collections.abc import Sequence

import torch
from torch import nn

from fukami.fields.tags import chain
from fukami.layers.pooling import valid

FORBIDDEN = -1e4
"""Added to a score: finite, so that no difference of two is without a value."""


class Crf(nn.Module):
    """Learned scores of K tags for standing first, last, and one after the other.

    Args:
        starts, ends: which tags may stand first and last (K).
        follows: which column's tag may follow a row's (K, K).
    """

    barred_start: torch.Tensor
    barred_end: torch.Tensor
    barred_transitions: torch.Tensor

    def __init__(self, starts: Sequence[bool], ends: Sequence[bool], follows: Sequence[Sequence[bool]]):
        super().__init__()
        self.start = nn.Parameter(torch.zeros(len(starts)))
        self.end = nn.Parameter(torch.zeros(len(ends)))
        self.transitions = nn.Parameter(torch.zeros(len(starts), len(starts)))
        for name, allowed in (("start", starts), ("end", ends), ("transitions", follows)):
            barred = torch.zeros(torch.tensor(allowed).shape).masked_fill(~torch.tensor(allowed), FORBIDDEN)
            self.register_buffer(f"barred_{name}", barred, persistent=False)

    def scores(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """`start_K`, `end_K` and `transitions_KK` (from, to), those that are forbidden included."""
        return self.start + self.barred_start, self.end + self.barred_end, self.transitions + self.barred_transitions

    def log_likelihood(self, emissions_BLK: torch.Tensor, tags_BL: torch.Tensor, lengths_B: torch.Tensor) -> torch.Tensor:
        """log p of the given tags (B). Every length is 1 or more."""
        return self.score(emissions_BLK, tags_BL, lengths_B) - self.log_total(emissions_BLK, lengths_B)

    def score(self, emissions_BLK: torch.Tensor, tags_BL: torch.Tensor, lengths_B: torch.Tensor) -> torch.Tensor:
        """The score of the given tags (B)."""
        start_K, end_K, transitions_KK = self.scores()
        real_BL = valid(lengths_B, tags_BL.shape[1])
        own_B = (emissions_BLK.gather(2, tags_BL.unsqueeze(2)).squeeze(2) * real_BL).sum(1)
        between_B = (transitions_KK[tags_BL[:, :-1], tags_BL[:, 1:]] * real_BL[:, 1:]).sum(1)
        last_B = tags_BL.gather(1, lengths_B.unsqueeze(1) - 1).squeeze(1)
        return start_K[tags_BL[:, 0]] + own_B + between_B + end_K[last_B]

    def log_total(self, emissions_BLK: torch.Tensor, lengths_B: torch.Tensor) -> torch.Tensor:
        """log Σ exp(score) over all sequences of tags (B)."""
        scores = self.scores()
        return (chain.ahead(emissions_BLK, lengths_B, *scores)[-1] + scores[1]).logsumexp(1)

"""A linear-chain conditional random field (Lafferty et al. 2001): tags of a sequence scored together.

    score(tags) = start[t_0] + Σ_l emissions[l, t_l] + Σ_l transitions[t_{l-1}, t_l] + end[t_last]
    p(tags) = exp(score(tags)) / Σ over all sequences exp(score)

The sum over sequences is taken by the forward algorithm in log space, the best sequence by Viterbi's. Tags that may not follow
one another are FORBIDDEN: their sequences have practically no probability, in learning as in answering.

Shapes: B batch, L elements, K tags. After its end a sequence changes nothing.
"""

from collections.abc import Sequence

import torch
from torch import nn

from fukami.layers.pooling import valid

FORBIDDEN = -1e4
"""Added to a score: finite, so that no difference of two is without a value."""


class Crf(nn.Module):
    """Learned scores of K tags for standing first, last, and one after the other.

    Args:
        starts, ends: which tags may stand first and last (K).
        follows: which column's tag may follow a row's (K, K).
    """

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
        _start_K, end_K, _transitions_KK = self.scores()
        last_BK = self._forward(emissions_BLK, lengths_B)[-1]
        return (last_BK + end_K).logsumexp(1)

    @torch.compiler.disable  # a compiler would write the loop out, anew for every length
    def _forward(self, emissions_BLK: torch.Tensor, lengths_B: torch.Tensor) -> list[torch.Tensor]:
        """For each place, log Σ exp(score) of the sequences up to there that end with each tag, `(B, K)`; the last one's where a
        sequence has ended."""
        start_K, _end_K, transitions_KK = self.scores()
        reached_BK = start_K + emissions_BLK[:, 0]
        found = [reached_BK]
        for place in range(1, emissions_BLK.shape[1]):
            further_BK = (reached_BK.unsqueeze(2) + transitions_KK).logsumexp(1) + emissions_BLK[:, place]
            reached_BK = torch.where((place < lengths_B).unsqueeze(1), further_BK, reached_BK)
            found.append(reached_BK)
        return found

    def marginals(self, emissions_BLK: torch.Tensor, lengths_B: torch.Tensor) -> torch.Tensor:
        """The probability of each tag at each place (B, L, K), of whatever stands around it; 0 after the end."""
        _start_K, end_K, transitions_KK = self.scores()
        ahead_BLK = torch.stack(self._forward(emissions_BLK, lengths_B), 1)
        to_come_BK = end_K.expand(len(emissions_BLK), -1)
        behind = [to_come_BK]
        for place in range(emissions_BLK.shape[1] - 1, 0, -1):
            further_BK = (transitions_KK + (emissions_BLK[:, place] + to_come_BK).unsqueeze(1)).logsumexp(2)
            to_come_BK = torch.where((place < lengths_B).unsqueeze(1), further_BK, to_come_BK)
            behind.append(to_come_BK)
        log_p_BLK = ahead_BLK + torch.stack(behind[::-1], 1)
        real_BL1 = valid(lengths_B, emissions_BLK.shape[1]).unsqueeze(2)
        return log_p_BLK.softmax(2) * real_BL1

    def best(self, emissions_BLK: torch.Tensor, lengths_B: torch.Tensor) -> torch.Tensor:
        """The sequence of the highest score (B, L), by Viterbi's algorithm; 0 after the end."""
        start_K, end_K, transitions_KK = self.scores()
        reached_BK = start_K + emissions_BLK[:, 0]
        same_K = torch.arange(len(start_K), device=emissions_BLK.device)
        came_from = []
        for place in range(1, emissions_BLK.shape[1]):
            further_BK, before_BK = (reached_BK.unsqueeze(2) + transitions_KK).max(1)
            inside_B1 = (place < lengths_B).unsqueeze(1)
            reached_BK = torch.where(inside_B1, further_BK + emissions_BLK[:, place], reached_BK)
            came_from.append(torch.where(inside_B1, before_BK, same_K))
        tag_B = (reached_BK + end_K).argmax(1)
        path = [tag_B]
        for before_BK in reversed(came_from):
            tag_B = before_BK.gather(1, tag_B.unsqueeze(1)).squeeze(1)
            path.append(tag_B)
        return torch.stack(path[::-1], 1) * valid(lengths_B, emissions_BLK.shape[1])

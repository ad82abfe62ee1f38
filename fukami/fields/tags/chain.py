"""Sequences of tags whose scores add up: of all of them the sum, the best one, and how likely each tag is.

    score(tags) = start[t_0] + Σ_l emissions[l, t_l] + Σ_l transitions[t_{l-1}, t_l] + end[t_last]

Sums are taken by the forward and the backward algorithm in log space, the best sequence is found by Viterbi's (Rabiner 1989).
Shapes: B batch, L elements, K tags; `start_K`, `end_K` and `transitions_KK` (from, to) may have examples of their own before K.
After its end a sequence changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, cast

from fukami.core.lazily import torch


class Chained(NamedTuple):
    """What a model of tags gives: the scores of all sequences. Those of tags are the same for every example, and repeated."""

    emissions: torch.Tensor
    lengths: torch.Tensor
    start: torch.Tensor
    end: torch.Tensor
    transitions: torch.Tensor


def _ahead(
    emissions_BLK: torch.Tensor, lengths_B: torch.Tensor, start: torch.Tensor, _end: torch.Tensor, transitions: torch.Tensor
) -> list[torch.Tensor]:
    """For each place, log Σ exp(score) of the sequences up to there that end with each tag, `(B, K)`; the last one's where a
    sequence has ended."""
    reached_BK = start + emissions_BLK[:, 0]
    found = [reached_BK]
    for place in range(1, emissions_BLK.shape[1]):
        further_BK = (reached_BK.unsqueeze(2) + transitions).logsumexp(1) + emissions_BLK[:, place]
        reached_BK = torch.where((place < lengths_B).unsqueeze(1), further_BK, reached_BK)
        found.append(reached_BK)
    return found


_uncompiled: list[Callable[..., list[torch.Tensor]]] = []


def ahead(*given: torch.Tensor) -> list[torch.Tensor]:
    """`_ahead` as it stands: a compiler would write the loop out, anew for every length. Marking it loads the compiler, so that
    is left until it is asked for."""
    if not _uncompiled:
        _uncompiled.append(cast("Callable[..., list[torch.Tensor]]", torch.compiler.disable(_ahead)))
    return _uncompiled[0](*given)


def marginals(
    emissions_BLK: torch.Tensor, lengths_B: torch.Tensor, start: torch.Tensor, end: torch.Tensor, transitions: torch.Tensor
) -> torch.Tensor:
    """The probability of each tag at each place (B, L, K), whatever stands around it; 0 after the end."""
    ahead_BLK = torch.stack(ahead(emissions_BLK, lengths_B, start, end, transitions), 1)
    to_come_BK = end.expand(emissions_BLK.shape[0], end.shape[-1])
    behind = [to_come_BK]
    for place in range(emissions_BLK.shape[1] - 1, 0, -1):
        further_BK = (transitions + (emissions_BLK[:, place] + to_come_BK).unsqueeze(1)).logsumexp(2)
        to_come_BK = torch.where((place < lengths_B).unsqueeze(1), further_BK, to_come_BK)
        behind.append(to_come_BK)
    log_p_BLK = ahead_BLK + torch.stack(behind[::-1], 1)
    return log_p_BLK.softmax(2) * _real(lengths_B, emissions_BLK).unsqueeze(2)


def best(
    emissions_BLK: torch.Tensor, lengths_B: torch.Tensor, start: torch.Tensor, end: torch.Tensor, transitions: torch.Tensor
) -> torch.Tensor:
    """The sequence of the highest score (B, L); 0 after the end."""
    reached_BK = start + emissions_BLK[:, 0]
    same_K = torch.arange(emissions_BLK.shape[2], device=emissions_BLK.device)
    came_from = []
    for place in range(1, emissions_BLK.shape[1]):
        further_BK, before_BK = (reached_BK.unsqueeze(2) + transitions).max(1)
        inside_B1 = (place < lengths_B).unsqueeze(1)
        reached_BK = torch.where(inside_B1, further_BK + emissions_BLK[:, place], reached_BK)
        came_from.append(torch.where(inside_B1, before_BK, same_K))
    tag_B = (reached_BK + end).argmax(1)
    path = [tag_B]
    for before_BK in reversed(came_from):
        tag_B = before_BK.gather(1, tag_B.unsqueeze(1)).squeeze(1)
        path.append(tag_B)
    return torch.stack(path[::-1], 1) * _real(lengths_B, emissions_BLK)


def _real(lengths_B: torch.Tensor, emissions_BLK: torch.Tensor) -> torch.Tensor:
    return torch.arange(emissions_BLK.shape[1], device=lengths_B.device) < lengths_B.unsqueeze(1)

"""What models that rank items share: how histories and what followed become sequences, losses over a catalogue, answers.

A model of this kind says only how it scores every item for a history, and how it learns. B histories, L items of a history,
S items of a sequence, I items of the catalogue (0 is none), T items that followed, D features, M negatives.
"""

import math
from abc import ABC, abstractmethod
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.nn import functional as F

from fukami.fields.batch import Rows
from fukami.fields.history.spec import History, HistorySpec
from fukami.fields.items.choosing import factors
from fukami.fields.items.ranked import CLOSED, PLACES, Catalogue, open_to, ranking


class Sequences(NamedTuple):
    """What was chosen and what followed, one behind the other: `items_BS` padded with 0 at the end, where each begins to be
    foreseen, and where it ends."""

    items: torch.Tensor
    first: torch.Tensor
    ends: torch.Tensor


def sequences(history: History, followed: Rows, most: int, rng: torch.Generator | None = None) -> Sequences:
    """The last `most` items of each; with `rng` of longer ones any stretch of so many, so that all of it is learned from.

    >>> past = History(torch.tensor([[1, 2], [0, 0]]), torch.tensor([2, 0]), torch.zeros(2).long(), torch.zeros(2, 1).long())
    >>> found = sequences(past, Rows({"item": torch.tensor([3, 4, 5])}, torch.tensor([1, 2])), 9)
    >>> found.items.tolist(), found.first.tolist(), found.ends.tolist()
    ([[1, 2, 3], [4, 5, 0]], [2, 0], [3, 2])
    """
    lengths_B, counts_B = history.lengths, followed.counts.to(history.lengths.device)
    ends_B = lengths_B + counts_B
    longest, span = int(ends_B.max()) if len(ends_B) else 0, history.items.shape[1]
    items_BS = F.pad(history.items, (0, longest - span)) if longest >= span else history.items[:, :longest]
    rows_T = torch.repeat_interleave(torch.arange(len(counts_B), device=counts_B.device), counts_B)
    place_T = torch.arange(len(rows_T), device=rows_T.device) - (counts_B.cumsum(0) - counts_B)[rows_T]
    items_BS = items_BS.index_put((rows_T, lengths_B[rows_T] + place_T), followed.columns["item"])
    if longest <= most:
        return Sequences(items_BS, lengths_B, ends_B)
    left_B = (ends_B - most).clamp(min=0)
    if rng is not None:
        share_B = torch.rand(len(left_B), generator=rng, device=rng.device).to(left_B.device)
        left_B = (share_B * (left_B + 1)).long().clamp(max=left_B)
        ends_B = torch.minimum(ends_B, left_B + most)
    at_BS = left_B[:, None] + torch.arange(most, device=left_B.device)
    kept_BS = items_BS.gather(1, at_BS.clamp(max=longest - 1)).masked_fill(at_BS >= ends_B[:, None], 0)
    return Sequences(kept_BS, (lengths_B - left_B).clamp(min=0), ends_B - left_B)


def latest(items_BL: torch.Tensor, lengths_B: torch.Tensor, most: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The last `most` items of each history, and how many these are."""
    if not torch.compiler.is_exporting() and 0 < items_BL.shape[1] <= most:
        return items_BL, lengths_B
    items_BL = F.pad(items_BL, (0, 1))  # so that there is a place, where nobody chose anything
    left_B = (lengths_B - most).clamp(min=0)
    at_BM = left_B[:, None] + torch.arange(most, device=left_B.device)
    kept_BM = items_BL.gather(1, at_BM.clamp(max=items_BL.shape[1] - 1))
    return kept_BM.masked_fill(at_BM >= lengths_B[:, None], 0), lengths_B - left_B


class Ranker(nn.Module, ABC):
    """A whole model that gives every item of the catalogue a score for each history."""

    def __init__(self, spec: HistorySpec, target: Catalogue):
        super().__init__()
        self.num_items, self.num_users = spec.items, spec.users
        self.num_features = 0

    @abstractmethod
    def scores(self, history: History) -> torch.Tensor:
        """`scores_BI` of all numbers, 0 included."""

    def forward(self, history: History) -> torch.Tensor:
        """`scores_BI`, those `CLOSED` that are not asked about, or that the history holds already."""
        scores_BI = self.scores(history)
        return scores_BI.masked_fill(~open_to(self.num_items, history.items, history.candidates), CLOSED)

    def answers(
        self, inputs: dict[str, Any], rng: torch.Generator, options: Any, *, places: int = 0
    ) -> dict[str, torch.Tensor]:
        """The best items; `options` are the task's."""
        (history,) = inputs.values()
        again = options is not None and options.repeats == "yes"
        wanted = places or (PLACES if options is None else options.top)
        return ranking(self.scores(history), history.items, history.candidates, wanted, again=again)


class Sequential(Ranker):
    """A ranker that reads a sequence and says after each item what comes next: by the product with that item's features.

    `negatives` items, drawn anew for each batch, stand for all others in the softmax; 0 takes the whole catalogue.
    """

    def __init__(self, spec: HistorySpec, target: Catalogue, *, width: int, length: int, negatives: int):
        super().__init__(spec, target)
        self.length, self.negatives = length, negatives
        self.usual = max(1.0, len(target.edge_items) / max(1, target.users))
        self.table = nn.Embedding(spec.items + 1, width, padding_idx=0)
        self.bias = nn.Parameter(torch.zeros(spec.items + 1))
        self.register_buffer("begun", torch.zeros((), dtype=torch.int64))
        self.catalogue: Catalogue | None = target

    def begin(self) -> None:
        """Before the first step: items begin where the factors of who chose what put them, and biases with the logarithm of how
        often they were chosen, which the softmax would have to find out first."""
        catalogue, self.catalogue = self.catalogue, None
        begun: Any = self.begun
        if catalogue is None or int(begun):
            return
        begun.fill_(1)
        found = factors(catalogue, self.table.embedding_dim)
        if found is not None:
            with torch.no_grad():
                self.table.weight.copy_(torch.from_numpy(found[0]))
                self.bias.copy_(torch.from_numpy(found[1]))

    @abstractmethod
    def read(self, items_BS: torch.Tensor, lengths_B: torch.Tensor) -> torch.Tensor:
        """`h_BSD`: what is known after each item, of those before it alone."""

    def scores(self, history: History) -> torch.Tensor:
        items_BL, lengths_B = latest(history.items, history.lengths, self.length)
        h_BLD = self.read(items_BL, lengths_B)
        last_B11 = (lengths_B - 1).clamp(min=0)[:, None, None].expand(-1, 1, h_BLD.shape[2])
        return F.linear(h_BLD.gather(1, last_B11)[:, 0], self.table.weight, self.bias)

    def losses(self, inputs: dict[str, Any], targets: dict[str, Any], rng: torch.Generator) -> dict[str, torch.Tensor]:
        """How unlikely each item that followed was, given all before it; what nothing stands before is not asked."""
        (history,), (followed,) = inputs.values(), targets.values()
        if self.training:
            self.begin()
        whole = sequences(history, followed, self.length + 1, rng if self.training else None)
        before_BS, next_BS = whole.items[:, :-1], whole.items[:, 1:]
        if not before_BS.shape[1]:
            return {"next": self.table.weight.sum() * 0 + torch.zeros(len(whole.ends), device=before_BS.device)}
        h_BSD = self.read(before_BS, (whole.ends - 1).clamp(min=0))
        step_S = torch.arange(1, whole.items.shape[1], device=before_BS.device)
        asked_BS = (step_S >= whole.first[:, None]) & (step_S < whole.ends[:, None])
        loss_T = self.unlikely(h_BSD[asked_BS], next_BS[asked_BS], rng)
        counts_B = asked_BS.sum(1)
        rows_T = torch.repeat_interleave(torch.arange(len(counts_B), device=counts_B.device), counts_B)
        summed_B = torch.zeros(len(counts_B), device=loss_T.device, dtype=loss_T.dtype).index_add(0, rows_T, loss_T)
        # in training every item counts alike, however long its history; examples are then of about one length each
        return {"next": summed_B / (self.usual if self.training else counts_B.clamp(min=1))}

    def unlikely(self, h_TD: torch.Tensor, next_T: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
        """Cross-entropy over the catalogue, or over the true item and drawn ones that stand for all others."""
        if not (self.negatives and self.training) or self.negatives >= self.num_items:
            logits_TI = F.linear(h_TD, self.table.weight[1:], self.bias[1:])
            return F.cross_entropy(logits_TI, next_T - 1, reduction="none")
        drawn_M = torch.randint(1, self.num_items + 1, (self.negatives,), generator=rng, device=rng.device).to(next_T.device)
        true_T = (h_TD * self.table(next_T)).sum(1) + self.bias[next_T]
        others_TM = F.linear(h_TD, self.table(drawn_M), self.bias[drawn_M])
        others_TM = others_TM.masked_fill(drawn_M == next_T[:, None], -torch.inf)
        rest_T = others_TM.logsumexp(1) + math.log((self.num_items - 1) / self.negatives)
        return F.softplus(rest_T - true_T)

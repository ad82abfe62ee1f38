"""What rankers share that know users by number: pairs of a user and an item, and items drawn beside them.

T pairs of a batch, M drawn items of each, B histories.
"""

from typing import Any

import torch

from fukami.fields.batch import Rows
from fukami.fields.history.spec import History, HistorySpec
from fukami.fields.items.ranked import Catalogue
from fukami.layers.ranking import Ranker


class KnownUsers(Ranker):
    """A ranker of users that training knew. `pairs` of each user are learned from in a step, drawn anew; 0 for all."""

    def __init__(self, spec: HistorySpec, target: Catalogue, *, pairs: int = 0):
        super().__init__(spec, target)
        self.pairs = pairs
        keys = (target.edge_users * (spec.items + 1) + target.edge_items).unique()
        self.register_buffer("keys", keys, persistent=False)

    def pairs_of(
        self, history: History, followed: Rows, rng: torch.Generator
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """The row, the user and the item of each pair (T)."""
        counts_B, items_T = followed.counts, followed.columns["item"]
        rows_T = torch.repeat_interleave(torch.arange(len(counts_B), device=items_T.device), counts_B)
        if self.training and self.pairs and len(items_T):
            shape = len(counts_B), self.pairs
            share_BP = torch.rand(shape, generator=rng, device=rng.device).to(items_T.device)
            place_BP = (share_BP * counts_B[:, None]).long().clamp(max=(counts_B - 1).clamp(min=0)[:, None])
            at_BP = place_BP + (counts_B.cumsum(0) - counts_B)[:, None]
            at_T = at_BP[counts_B > 0].flatten()
            rows_T, items_T = rows_T[at_T], items_T[at_T]
        return rows_T, history.users[rows_T], items_T

    def drawn(self, users_T: torch.Tensor, count: int, rng: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        """`items_TM`, and which of them the user did not choose in training (bool)."""
        shape = len(users_T), count
        items_TM = torch.randint(1, self.num_items + 1, shape, generator=rng, device=rng.device).to(users_T.device)
        return items_TM, ~self.is_chosen(users_T[:, None], items_TM)

    def is_chosen(self, users: torch.Tensor, items: torch.Tensor) -> torch.Tensor:
        """Whether the user chose the item in training."""
        keys: Any = self.keys
        if not len(keys):
            return torch.zeros_like(items, dtype=torch.bool)
        wanted = users * (self.num_items + 1) + items
        return keys[torch.searchsorted(keys, wanted).clamp(max=len(keys) - 1)] == wanted


def per_example(loss_T: torch.Tensor, rows_T: torch.Tensor, count: int) -> torch.Tensor:
    """The mean loss of each example's pairs (B); 0 where it has none."""
    summed_B = torch.zeros(count, dtype=loss_T.dtype, device=loss_T.device).index_add(0, rows_T, loss_T)
    return summed_B / torch.bincount(rows_T, minlength=count).clamp(min=1)

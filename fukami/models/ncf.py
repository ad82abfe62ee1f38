"""NCF, as NeuMF: a product of features of user and item, and a perceptron over other features of both, side by side.

He et al. 2017, "Neural Collaborative Filtering". Different: a step learns from users with all that they chose; one user in
fifty is hidden as number 0, so that whoever training did not know is answered as an average user, whatever their history.
B histories, I items, T pairs, M drawn items, D features.
"""

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from fukami.core.cards import ModelCard
from fukami.fields.history.spec import History, HistorySpec
from fukami.layers.known_users import KnownUsers, per_example

CARD = ModelCard(
    name="ncf",
    summary="features of users and of items, multiplied and through a perceptron; users known by number",
    takes=("history",),
    gives=("items",),
    options={"width": 32, "negatives": 4, "dropout": 0.2},
    parameters={"history": {"": 1_292_786}},
    small={"width": 8},
    learning={"learning_rate": 5e-3, "weight_decay": 0.0},
    source="He et al. 2017, arXiv:1708.05031; by hand",
)

HIDDEN = 0.02
"""Share of users who are hidden in training."""
_MOST = 1 << 24
"""Numbers of a perceptron's layer that are held at a time."""


def build(
    spec: HistorySpec, *, gives: str = "items", target: Any, width: int = 32, negatives: int = 4, dropout: float = 0.2
) -> nn.Module:
    """`width` features of each kind; `negatives` items drawn beside each chosen one."""
    return NCF(spec, target, width=width, negatives=negatives, dropout=dropout)


class NCF(KnownUsers):
    """Three tables of each side: multiplied, through a perceptron, and a bias."""

    def __init__(self, spec: HistorySpec, target: Any, *, width: int, negatives: int, dropout: float):
        super().__init__(spec, target)
        self.negatives = negatives
        self.users, self.items = nn.Embedding(spec.users + 1, 2 * width), nn.Embedding(spec.items + 1, 2 * width)
        for table in (self.users, self.items):
            nn.init.normal_(table.weight, std=0.05)
        self.bias, self.share = nn.Parameter(torch.zeros(spec.items + 1)), nn.Parameter(torch.ones(width))
        self.first_user, self.first_item = nn.Linear(width, width), nn.Linear(width, width, bias=False)
        self.second, self.last = nn.Linear(width, width // 2), nn.Linear(width // 2, 1)
        self.dropout = nn.Dropout(dropout)

    def score(self, users_XD: torch.Tensor, items_XD: torch.Tensor, bias_X: torch.Tensor) -> torch.Tensor:
        """`score_X` of users' and items' features, which are broadcast."""
        (p, q), (u, v) = users_XD.chunk(2, -1), items_XD.chunk(2, -1)
        h = self.dropout(F.relu(self.first_user(q) + self.first_item(v)))
        deep = self.last(F.relu(self.second(h))).squeeze(-1)
        return (p * self.share * u).sum(-1) + deep + bias_X

    def scores(self, history: History) -> torch.Tensor:
        size = max(1, _MOST // (self.items.weight.numel()))
        parts = history.users.split(size)
        return torch.cat([self.score(self.users(part)[:, None], self.items.weight, self.bias) for part in parts])

    def losses(self, inputs: dict[str, Any], targets: dict[str, Any], rng: torch.Generator) -> dict[str, torch.Tensor]:
        """Cross-entropy of chosen and of drawn items, as in the paper."""
        (history,), (followed,) = inputs.values(), targets.values()
        if not self.training:  # how likely an item is among all others
            rows_T, _users, items_T = self.pairs_of(history, followed, rng)
            loss_T = F.cross_entropy(self.scores(history)[rows_T, 1:], items_T - 1, reduction="none")
            return {"chosen": per_example(loss_T, rows_T, len(history.users))}
        rows_T, users_T, items_T = self.pairs_of(history, followed, rng)
        others_TM, free_TM = self.drawn(users_T, self.negatives, rng)
        hidden_B = torch.rand(len(history.users), generator=rng, device=rng.device).to(users_T.device) < HIDDEN
        users_T = users_T.masked_fill(hidden_B[rows_T], 0)
        asked_TM = torch.cat([items_T[:, None], others_TM], 1)
        score_TM = self.score(self.users(users_T)[:, None], self.items(asked_TM), self.bias[asked_TM])
        truth_TM = torch.zeros_like(score_TM)
        truth_TM[:, 0] = 1
        weight_TM = torch.cat([torch.ones_like(items_T[:, None], dtype=torch.bool), free_TM], 1).to(score_TM.dtype)
        loss_T = F.binary_cross_entropy_with_logits(score_TM, truth_TM, weight_TM, reduction="none").sum(1)
        return {"chosen": per_example(loss_T, rows_T, len(history.users))}

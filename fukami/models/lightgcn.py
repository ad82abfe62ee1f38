"""LightGCN: features of users and items, averaged over the graph of who chose what, without any other weights.

He et al. 2020, "LightGCN: Simplifying and Powering Graph Convolution Network". Different: the loss is a softmax over the true
item and drawn ones that a batch shares, at a temperature (Wu et al. 2022, arXiv:2201.02327); a step takes many users with some
items of each, since it costs one walk through the whole graph; whoever training did not know is answered by where their history
lies.
N users and items with none of either, E features, B histories, I items, T pairs, M drawn items.
"""

import warnings
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from fukami.core.cards import ModelCard
from fukami.fields.history.spec import History, HistorySpec
from fukami.layers.known_users import KnownUsers, per_example

CARD = ModelCard(
    name="lightgcn",
    summary="features of users and items, averaged over the graph of who chose what",
    takes=("history",),
    gives=("items",),
    options={"width": 64, "depth": 3, "pairs": 8, "negatives": 512, "temperature": 0.1},
    parameters={"history": {"": 1_280_128}},
    small={"width": 8},
    learning={"learning_rate": 5e-3, "weight_decay": 0.0, "batch_size": 2048},
    source="He et al. 2020, arXiv:2002.02126; by hand",
)


def build(
    spec: HistorySpec,
    *,
    gives: str = "items",
    target: Any,
    width: int = 64,
    depth: int = 3,
    pairs: int = 8,
    negatives: int = 512,
    temperature: float = 0.1,
) -> nn.Module:
    """`depth` rounds of averaging; `pairs` chosen items of each user and `negatives` drawn ones of a batch are learned from."""
    return LightGCN(spec, target, width=width, depth=depth, pairs=pairs, negatives=negatives, temperature=temperature)


class LightGCN(KnownUsers):
    """One table for users and one for items; number 0 of either stays 0."""

    def __init__(
        self, spec: HistorySpec, target: Any, *, width: int, depth: int, pairs: int, negatives: int, temperature: float
    ):
        super().__init__(spec, target, pairs=pairs)
        self.depth, self.negatives, self.temperature = depth, negatives, temperature
        self.users, self.items = nn.Embedding(spec.users + 1, width), nn.Embedding(spec.items + 1, width)
        for table in (self.users, self.items):
            nn.init.normal_(table.weight, std=0.1)
        self._graph(spec, target)
        self.kept: tuple[Any, torch.Tensor, torch.Tensor, torch.Tensor] | None = None

    def _graph(self, spec: HistorySpec, target: Any) -> None:
        """The symmetric matrix: an edge weighs one by the root of both ends' degrees."""
        first = spec.users + 1
        keys = (target.edge_users * (spec.items + 1) + target.edge_items).unique()
        users, items = keys // (spec.items + 1), keys % (spec.items + 1) + first
        both = torch.stack([torch.cat([users, items]), torch.cat([items, users])])
        size = first + spec.items + 1
        degree = torch.bincount(both[0], minlength=size).clamp(min=1).float()
        order = (both[0] * size + both[1]).argsort()
        rows, columns = both[:, order]
        weight = (degree[rows] * degree[columns]).rsqrt()
        pointers = torch.cat([torch.zeros(1, dtype=torch.int64), torch.bincount(rows, minlength=size).cumsum(0)])
        for name, tensor in (("pointers", pointers), ("columns", columns), ("weights", weight), ("degree", degree)):
            self.register_buffer(name, tensor, persistent=False)

    def averaged(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Features of users and of items after all rounds, and what each item adds to those of whoever chooses it."""
        tables = (self.users.weight, self.items.weight)
        version = tuple((table.data_ptr(), table._version) for table in tables)
        if not self.training and self.kept is not None and self.kept[0] == version:
            return self.kept[1:]
        first = self.num_users + 1
        x_NE = torch.cat([F.pad(table[1:], (0, 0, 1, 0)) for table in tables])
        total_NE, added_NE = x_NE, torch.zeros_like(x_NE)
        graph: Any = self.pointers, self.columns, self.weights
        for _round in range(self.depth):
            added_NE = added_NE + x_NE
            x_NE = _Walk.apply(x_NE, *graph)
            total_NE = total_NE + x_NE
        degree: Any = self.degree
        added_IE = (added_NE * degree.rsqrt()[:, None])[first:]
        found = [part / (self.depth + 1) for part in (total_NE[:first], total_NE[first:], added_IE)]
        if not self.training and not torch.is_grad_enabled():
            self.kept = (version, found[0], found[1], found[2])
        return found[0], found[1], found[2]

    def scores(self, history: History) -> torch.Tensor:
        users_UE, items_IE, added_IE = self.averaged()
        share_B1 = history.lengths.clamp(min=1).rsqrt()[:, None].to(added_IE.dtype)
        folded_BE = F.embedding_bag(history.items, added_IE, mode="sum") if history.items.shape[1] else 0 * share_B1
        h_BE = torch.where(history.users[:, None] > 0, users_UE[history.users], folded_BE * share_B1)
        return F.normalize(h_BE, dim=1) @ F.normalize(items_IE, dim=1).T / self.temperature

    def losses(self, inputs: dict[str, Any], targets: dict[str, Any], rng: torch.Generator) -> dict[str, torch.Tensor]:
        """How unlikely chosen items are among drawn ones, in training; among all where a likelihood is asked for."""
        (history,), (followed,) = inputs.values(), targets.values()
        rows_T, users_T, items_T = self.pairs_of(history, followed, rng)
        if not self.training:
            loss_T = F.cross_entropy(self.scores(history)[rows_T, 1:], items_T - 1, reduction="none")
            return {"chosen": per_example(loss_T, rows_T, len(history.users))}
        users_UE, items_IE, _added = self.averaged()
        drawn_M = torch.randint(1, self.num_items + 1, (self.negatives,), generator=rng, device=rng.device).to(items_T.device)
        user_TE = F.normalize(users_UE[users_T], dim=1)
        true_T = (user_TE * F.normalize(items_IE[items_T], dim=1)).sum(1)
        others_TM = user_TE @ F.normalize(items_IE[drawn_M], dim=1).T
        others_TM = (others_TM / self.temperature).masked_fill(drawn_M == items_T[:, None], -torch.inf)
        loss_T = F.softplus(others_TM.logsumexp(1) - true_T / self.temperature)
        return {"chosen": per_example(loss_T, rows_T, len(history.users))}


class _Walk(torch.autograd.Function):
    """One round through the graph; the matrix is symmetric, so gradients walk as features do."""

    @staticmethod
    def forward(
        ctx: Any, x_NE: torch.Tensor, pointers: torch.Tensor, columns: torch.Tensor, weights: torch.Tensor
    ) -> torch.Tensor:
        ctx.save_for_backward(pointers, columns, weights)
        return _walked(x_NE, pointers, columns, weights)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> Any:
        return _walked(gradients[0].contiguous(), *ctx.saved_tensors), None, None, None


def _walked(x_NE: torch.Tensor, pointers: torch.Tensor, columns: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    size = len(pointers) - 1
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Sparse CSR tensor support")
        graph = torch.sparse_csr_tensor(pointers, columns, weights.to(x_NE.dtype), (size, size), check_invariants=False)
    return graph @ x_NE

"""SASRec: self-attention over what somebody chose, each item looking at those before it.

Kang and McAuley 2018, "Self-Attentive Sequential Recommendation". Different: the loss is a softmax over the true item and drawn
ones that all items of a batch share (Klenitskiy and Vasilev 2023 find that this, not the network, is what BERT4Rec is better
by), instead of one negative an item; items have a bias, and begin where factors of who chose what put
them; sequences are padded behind, and places are counted from the latest
item, so that a batch is only as wide as its longest history.
B batch, S items of a sequence, D features.
"""

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from fukami.core.cards import ModelCard
from fukami.fields.history.spec import HistorySpec
from fukami.layers.ranking import Sequential

CARD = ModelCard(
    name="sasrec",
    summary="self-attention over what was chosen: what comes next follows from the order",
    takes=("history",),
    gives=("items",),
    options={"width": 64, "depth": 2, "heads": 1, "length": 50, "dropout": 0.3, "negatives": 512},
    parameters={"history": {"": 703_825}},
    small={"width": 16, "depth": 1, "length": 8},
    quick_for=("history",),
    typical_for=("history",),
    learning={"learning_rate": 2e-3, "weight_decay": 0.0},
    source="Kang and McAuley 2018, arXiv:1808.09781; by hand",
)


def build(
    spec: HistorySpec,
    *,
    gives: str = "items",
    target: Any,
    width: int = 64,
    depth: int = 2,
    heads: int = 1,
    length: int = 50,
    dropout: float = 0.3,
    negatives: int = 512,
) -> nn.Module:
    """`length` items of a history are looked at; `negatives` is the number of items drawn for a batch, 0 for the catalogue."""
    return SASRec(spec, target, width=width, depth=depth, heads=heads, length=length, dropout=dropout, negatives=negatives)


class SASRec(Sequential):
    """`depth` layers of attention and a small perceptron, normed before each, as in the authors' code."""

    def __init__(
        self, spec: HistorySpec, target: Any, *, width: int, depth: int, heads: int, length: int, dropout: float, negatives: int
    ):
        super().__init__(spec, target, width=width, length=length, negatives=negatives)
        self.places = nn.Embedding(length, width)
        for table in (self.table, self.places):
            nn.init.normal_(table.weight, std=width**-0.5)
        with torch.no_grad():
            self.table.weight[0] = 0
        self.dropout = nn.Dropout(dropout)
        self.layers = nn.ModuleList(Layer(width, heads, dropout) for _layer in range(depth))
        self.norm = nn.LayerNorm(width)

    def read(self, items_BS: torch.Tensor, lengths_B: torch.Tensor) -> torch.Tensor:
        back_BS = lengths_B[:, None] - 1 - torch.arange(items_BS.shape[1], device=items_BS.device)
        x_BSD = self.dropout(self.table(items_BS) + self.places(back_BS.clamp(0, self.places.num_embeddings - 1)))
        for layer in self.layers:
            x_BSD = layer(x_BSD)
        return self.norm(x_BSD)

    def layer_groups(self) -> list[list[nn.Parameter]]:
        """The tables, each layer, the last norm."""
        return [
            [*self.table.parameters(), *self.places.parameters(), self.bias],
            *([*layer.parameters()] for layer in self.layers),
            [*self.norm.parameters()],
        ]


class Layer(nn.Module):
    """Attention to what came before, then a perceptron of the same width."""

    def __init__(self, width: int, heads: int, dropout: float):
        super().__init__()
        self.heads, self.share = heads, dropout
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)
        self.project, self.join = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.widen, self.narrow = nn.Linear(width, width), nn.Linear(width, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x_BSD: torch.Tensor) -> torch.Tensor:
        count, steps, width = x_BSD.shape
        parts = self.project(self.first(x_BSD)).view(count, steps, 3, self.heads, width // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        drop = self.share if self.training else 0.0
        seen = F.scaled_dot_product_attention(query, key, value, is_causal=True, dropout_p=drop)
        x_BSD = x_BSD + self.dropout(self.join(seen.transpose(1, 2).reshape(count, steps, width)))
        return x_BSD + self.dropout(self.narrow(self.dropout(F.relu(self.widen(self.second(x_BSD))))))

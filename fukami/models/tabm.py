"""TabM: one network that answers as an ensemble of many. The default for tables.

Gorishniy et al. 2025, TabM: advancing tabular deep learning with parameter-efficient ensembling (arXiv:2410.24210). All members
share the matrices; each has scales, shifts and a head of its own. They are trained apart (the loss is the mean of the members'
losses) and averaged when asked.

What differs: members part after the first matrix rather than before it, which costs 1/E of the time there and learns as well or
better in the same time; SiLU instead of ReLU; no dropout, which doubles the time on a processor and gained nothing; numbers
come in piecewise-linear embeddings with a faster rate (see `layers/rows.py`).

Shapes: B batch, E members, D features.
"""

import math

import torch
from torch import nn

from fukami.core.cards import ModelCard
from fukami.core.specs import RowSpec
from fukami.fields.contract import Cells
from fukami.layers.rows import FlatRow, MemberScale

CARD = ModelCard(
    name="tabm",
    summary="many networks in one for tables, averaged; the usual first choice",
    takes=("row",),
    gives=("vector",),
    sizes={
        "tiny": {"width": 64, "depth": 2, "copies": 8, "embedding": 8},
        "small": {"width": 128, "depth": 2, "copies": 16, "embedding": 16},
        "base": {"width": 256, "depth": 2, "copies": 16, "embedding": 16},
        "large": {"width": 512, "depth": 3, "copies": 32, "embedding": 24},
    },
    size="small",
    parameters={"row": {"tiny": 12_464, "small": 45_408, "base": 123_104, "large": 697_040}},
    options={"width": 128, "depth": 2, "copies": 16, "embedding": 16, "dropout": 0.0},
    learning={"learning_rate": 1e-2, "weight_decay": 0.01},
    source="Gorishniy et al. 2025, arXiv:2410.24210; by hand",
    exempt={"pruning": "its members share a head that cannot be followed"},
)


def build(
    spec: RowSpec,
    *,
    gives: str = "vector",
    width: int = 128,
    depth: int = 2,
    copies: int = 16,
    embedding: int = 16,
    dropout: float = 0.0,
) -> nn.Module:
    """`depth` layers of `width` features for each of `copies` members; `embedding` features for each number."""
    return TabM(spec, width=width, depth=depth, copies=copies, embedding=embedding, dropout=dropout)


class TabM(nn.Module):
    """`Cells` → `features_BED` (with one member: `features_BD`)."""

    def __init__(self, spec: RowSpec, *, width: int, depth: int, copies: int, embedding: int, dropout: float):
        super().__init__()
        self.num_features, self.members = width, copies
        self.embed = FlatRow(spec, embedding)
        self.first = nn.Linear(self.embed.num_features, width, bias=False)
        self.part = MemberScale(width, copies, bound=1 / math.sqrt(self.embed.num_features))
        self.rest = nn.ModuleList(nn.Linear(width, width) for _layer in range(depth - 1))
        self.act, self.drop = nn.SiLU(), nn.Dropout(dropout)

    def forward(self, cells: Cells) -> torch.Tensor:
        x_BED = self.drop(self.act(self.part(self.first(self.embed(cells)))))
        for layer in self.rest:
            x_BED = self.drop(self.act(layer(x_BED)))
        return x_BED if self.members > 1 else x_BED.squeeze(1)

    def layer_groups(self) -> list[list[nn.Parameter]]:
        layers = [nn.ModuleList([self.embed, self.first, self.part]), *self.rest]
        return [list(layer.parameters()) for layer in layers]

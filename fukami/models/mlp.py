"""Multi-layer perceptron: linear layers with ReLU between them, for rows of a table and for small pictures.

Rumelhart, Hinton and Williams 1986. What differs: ReLU, dropout, and for rows piecewise-linear embeddings of the numbers
(Gorishniy et al. 2022), without which a plain network falls behind boosted trees.
"""

from itertools import pairwise

import torch
from torch import nn

from fukami.core.cards import ModelCard
from fukami.core.specs import ImageSpec, RowSpec
from fukami.fields.contract import Cells
from fukami.layers.rows import FlatRow

CARD = ModelCard(
    name="mlp",
    summary="hidden layers, each connected to the whole of the one before; for tables and small pictures",
    takes=("row", "image"),
    gives=("vector",),
    sizes={
        "tiny": {"width": 64, "depth": 2},
        "small": {"width": 256, "depth": 2},
        "base": {"width": 512, "depth": 3},
        "large": {"width": 1024, "depth": 4},
    },
    size="small",
    parameters={
        "row": {"tiny": 14_184, "small": 104_808, "base": 602_984, "large": 3_303_784},
        "image": {"tiny": 200_832, "small": 852_480, "base": 2_098_688, "large": 6_295_552},
    },
    options={"width": 256, "depth": 2, "dropout": 0.1, "embedding": 12},
    quick_for=("row",),
    typical_for=("row",),
    learning={"learning_rate": 2e-3, "weight_decay": 0.01},
    source="Rumelhart et al. 1986; Gorishniy et al. 2022, arXiv:2203.05556; by hand",
)


def build(
    spec: RowSpec | ImageSpec,
    *,
    gives: str = "vector",
    width: int = 256,
    depth: int = 2,
    dropout: float = 0.1,
    embedding: int = 12,
) -> nn.Module:
    """`depth` hidden layers of `width` features; `embedding` features for each number of a row, 0 for the number itself."""
    return MLP(spec, width=width, depth=depth, dropout=dropout, embedding=embedding)


class MLP(nn.Module):
    """`Cells` or `x_BCHW` → `features_BD`, D = `width`."""

    def __init__(self, spec: RowSpec | ImageSpec, *, width: int, depth: int, dropout: float, embedding: int):
        super().__init__()
        row = isinstance(spec, RowSpec)
        self.embed = FlatRow(spec, embedding) if row else nn.Flatten()
        inputs = self.embed.num_features if row else spec.channels * spec.height * spec.width
        sizes = [inputs, *[width] * depth]
        self.layers = nn.ModuleList(
            nn.Sequential(nn.Linear(before, after), nn.ReLU(), nn.Dropout(dropout)) for before, after in pairwise(sizes)
        )
        self.num_features = width if depth else inputs

    def forward(self, inputs: Cells | torch.Tensor) -> torch.Tensor:
        x_BD = self.embed(inputs)
        for layer in self.layers:
            x_BD = layer(x_BD)
        return x_BD

    def layer_groups(self) -> list[list[nn.Parameter]]:
        return [list(layer.parameters()) for layer in (self.embed, *self.layers)]

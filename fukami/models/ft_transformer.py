"""FT-Transformer: every column is a token, and attention mixes them.

Gorishniy et al. 2021, Revisiting deep learning models for tabular data (arXiv:2106.11959). Pre-norm layers (the first attention
without its norm), ReGLU, the answer read from a token of its own. What differs: numbers come in piecewise-linear embeddings
(Gorishniy et al. 2022), which equal the paper's linear ones at the start.

Shapes: B batch, L tokens (numbers, then categories, then the answer's), D features, H heads, F features of one head.
"""

import torch
from torch import nn
from torch.nn import functional as F

from fukami.core.cards import ModelCard
from fukami.core.specs import RowSpec
from fukami.fields.contract import Cells
from fukami.layers.rows import CategoryEmbeddings, NumberEmbeddings

CARD = ModelCard(
    name="ft-transformer",
    summary="attention between the columns of a table; accurate and slow, for up to a hundred columns",
    takes=("row",),
    gives=("vector",),
    sizes={
        "tiny": {"width": 32, "depth": 1, "heads": 4},
        "small": {"width": 64, "depth": 2, "heads": 8},
        "base": {"width": 192, "depth": 3, "heads": 8},
        "large": {"width": 384, "depth": 4, "heads": 8},
    },
    size="small",
    parameters={"row": {"tiny": 10_452, "small": 70_804, "base": 903_168, "large": 4_759_936}},
    options={"width": 64, "depth": 2, "heads": 8, "dropout": 0.1, "attention_dropout": 0.1},
    learning={"learning_rate": 1e-3, "weight_decay": 0.01},
    source="Gorishniy et al. 2021, arXiv:2106.11959; by hand",
    exempt={"pruning": "attention and norms hold the width of every layer"},
)


def build(
    spec: RowSpec,
    *,
    gives: str = "vector",
    width: int = 64,
    depth: int = 2,
    heads: int = 8,
    dropout: float = 0.1,
    attention_dropout: float = 0.1,
) -> nn.Module:
    """`depth` layers of `width` features with `heads` heads, which must divide `width`."""
    return FTTransformer(spec, width=width, depth=depth, heads=heads, dropout=dropout, attention_dropout=attention_dropout)


class FTTransformer(nn.Module):
    """`Cells` → `features_BD`, the answer's token after the last layer."""

    def __init__(self, spec: RowSpec, *, width: int, depth: int, heads: int, dropout: float, attention_dropout: float):
        super().__init__()
        self.numbers = NumberEmbeddings(spec, width, gain=1.0) if spec.num_numbers else None
        self.categories = CategoryEmbeddings(spec.cardinalities, width) if spec.cardinalities else None
        self.answer = nn.Parameter(torch.empty(width).uniform_(-(width**-0.5), width**-0.5))
        self.layers = nn.ModuleList(
            Layer(width, heads, dropout=dropout, attention_dropout=attention_dropout, first=i == 0) for i in range(depth)
        )
        self.last = nn.Sequential(nn.LayerNorm(width), nn.ReLU())
        self.num_features = width

    def forward(self, cells: Cells) -> torch.Tensor:
        tokens = []
        if self.numbers is not None:
            tokens.append(self.numbers(cells.numbers))
        if self.categories is not None:
            tokens.append(self.categories(cells.categories))
        tokens.append(self.answer.expand(cells.numbers.shape[0], 1, -1))
        x_BLD = torch.cat(tokens, dim=1)
        for layer in self.layers:
            x_BLD = layer(x_BLD)
        return self.last(x_BLD[:, -1])

    def layer_groups(self) -> list[list[nn.Parameter]]:
        first = [p for part in (self.numbers, self.categories) if part is not None for p in part.parameters()]
        return [[*first, self.answer], *(list(layer.parameters()) for layer in (*self.layers, self.last))]


class Layer(nn.Module):
    """Attention and a ReGLU feed-forward part of 4/3 the width, each normed before and added after. `x_BLD` → `x_BLD`."""

    def __init__(self, width: int, heads: int, *, dropout: float, attention_dropout: float, first: bool):
        super().__init__()
        hidden = int(width * 4 / 3)
        self.heads, self.attention_dropout = heads, attention_dropout
        self.norm1 = nn.Identity() if first else nn.LayerNorm(width)
        self.norm2 = nn.LayerNorm(width)
        self.mix = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.up = nn.Linear(width, 2 * hidden)
        self.down = nn.Linear(hidden, width)
        self.drop = nn.Dropout(dropout)

    def forward(self, x_BLD: torch.Tensor) -> torch.Tensor:
        x_BLD = x_BLD + self.out(self._attention(self.norm1(x_BLD)))
        left, right = self.up(self.norm2(x_BLD)).chunk(2, dim=-1)
        return x_BLD + self.down(self.drop(left * torch.relu(right)))

    def _attention(self, x_BLD: torch.Tensor) -> torch.Tensor:
        queries, keys, values = (part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in self.mix(x_BLD).chunk(3, -1))
        dropped = self.attention_dropout if self.training else 0.0
        mixed_BHLF = F.scaled_dot_product_attention(queries, keys, values, dropout_p=dropped)
        return mixed_BHLF.transpose(1, 2).flatten(2)

"""LSTM that foretells each token from those before it; what it remembers has no length.

Embedding, layers of cells in one direction, and an answer whose table is the embedding's where both are as wide (Press and
Wolf 2016, Inan et al. 2016). Dropout as Zaremba et al. 2014 have it: between layers, not along the text.

Shapes: B batch, L tokens, E width of the embedding, D width of the state.
"""

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from fukami.core.cards import ModelCard
from fukami.core.specs import TokenSpec
from fukami.layers.next_token import NextToken

CARD = ModelCard(
    name="lstm-lm",
    summary="recurrent network with gated memory that foretells each token from those before it",
    takes=("passage",),
    gives=("continuation",),
    sizes={
        "tiny": {"width": 64, "depth": 1},
        "small": {"width": 256, "depth": 1},
        "base": {"width": 512, "depth": 2},
        "large": {"width": 1024, "depth": 2},
    },
    size="small",
    small={"width": 16},
    options={"width": 256, "depth": 1, "dropout": 0.1},
    parameters={"passage": {"tiny": 1_073_280, "small": 4_638_336, "base": 12_410_496, "large": 33_193_600}},
    learning={"learning_rate": 5e-3, "weight_decay": 0.0},
    source="Zaremba, Sutskever and Vinyals 2014, arXiv:1409.2329; cells of torch",
)


def build(
    spec: TokenSpec, *, gives: str = "continuation", target: Any = None, width: int = 256, depth: int = 1, dropout: float = 0.1
) -> nn.Module:
    """See `LSTM`."""
    return LSTM(spec, width=width, depth=depth, dropout=dropout)


class LSTM(NextToken):
    """Tokens in, states of what comes next out."""

    def __init__(self, spec: TokenSpec, *, width: int, depth: int, dropout: float):
        super().__init__(spec)
        self.tokens = nn.Embedding(spec.vocabulary_size, width)
        nn.init.normal_(self.tokens.weight, std=width**-0.5)
        self.layers = nn.ModuleList(nn.LSTM(width, width, batch_first=True) for _number in range(depth))
        self.dropout, self.bias = nn.Dropout(dropout), nn.Parameter(torch.zeros(spec.vocabulary_size))
        self.num_features = width

    @property
    def vocabulary_size(self) -> int:
        return self.tokens.num_embeddings

    def hidden(self, ids_BL: torch.Tensor, memory: Any = None) -> tuple[torch.Tensor, Any]:
        x_BLD, kept = self.dropout(self.tokens(ids_BL)), []
        for number, layer in enumerate(self.layers):
            x_BLD, last = layer(x_BLD, None if memory is None else memory[number])
            x_BLD = self.dropout(x_BLD)
            kept.append(last)
        return x_BLD, kept

    def logits(self, h_TD: torch.Tensor) -> torch.Tensor:
        return F.linear(h_TD, self.tokens.weight, self.bias)

    def layer_groups(self) -> list[list[nn.Parameter]]:
        """The table, then each layer; the answer's bias belongs to the last."""
        groups = [list(self.tokens.parameters()), *(list(layer.parameters()) for layer in self.layers)]
        groups[-1].append(self.bias)
        return groups

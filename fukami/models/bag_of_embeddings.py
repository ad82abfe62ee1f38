"""Bag of embeddings: the mean of the words' vectors, and a hidden layer. Word order is not seen.

Joulin et al. 2017, Bag of Tricks for Efficient Text Classification, and Iyyer et al. 2015 (deep averaging networks). What
differs: no n-grams by hashing; the vocabulary of the text field is used as it is.
"""

import torch
from torch import nn

from fukami.core.cards import ModelCard
from fukami.core.specs import TokenSpec
from fukami.fields.contract import Tokens
from fukami.layers.embedding import Embedding
from fukami.layers.pooling import masked_max, masked_mean

CARD = ModelCard(
    name="bag-of-embeddings",
    summary="mean of the words' vectors, without their order; very quick and hard to beat on long texts",
    takes=("text",),
    gives=("vector",),
    sizes={
        "tiny": {"width": 64},
        "small": {"width": 128},
        "base": {"width": 256},
        "large": {"width": 512},
    },
    size="small",
    parameters={"text": {"tiny": 1_032_256, "small": 2_080_896, "base": 4_227_328, "large": 8_716_800}},
    options={"width": 128, "dropout": 0.5},
    quick_for=("text",),
    learning={"learning_rate": 5e-3, "weight_decay": 0.01},
    source="Joulin et al. 2017, arXiv:1607.01759; by hand",
)


def build(spec: TokenSpec, *, gives: str = "vector", width: int = 128, dropout: float = 0.5) -> nn.Module:
    """Vectors of `width` numbers, their mean and maximum, one hidden layer of `width` units."""
    return Bag(spec, width=width, dropout=dropout)


class Bag(nn.Module):
    """`Tokens(ids_BL, lengths_B)` → `features_BD`."""

    def __init__(self, spec: TokenSpec, *, width: int, dropout: float):
        super().__init__()
        self.embedding = Embedding(spec, width, dropout=dropout)
        self.hidden = nn.Sequential(nn.Linear(2 * width, width), nn.ReLU(), nn.Dropout(dropout))
        self.num_features = width

    def forward(self, tokens: Tokens) -> torch.Tensor:
        x_BLD, valid_BL = self.embedding(tokens)
        return self.hidden(torch.cat([masked_mean(x_BLD, valid_BL), masked_max(x_BLD, valid_BL)], dim=1))

    def layer_groups(self) -> list[list[nn.Parameter]]:
        """The vectors, then the hidden layer."""
        return [list(self.embedding.parameters()), list(self.hidden.parameters())]

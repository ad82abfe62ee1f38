"""Two texts, each read by a bag of its own; what they say stands side by side, and multiplied."""

import torch
from torch import nn

from fukami.core.cards import ModelCard
from fukami.models.bag_of_embeddings import Bag

CARD = ModelCard(
    name="two-towers",
    summary="a bag of words for each of two texts",
    takes=("text+text",),
    gives=("vector",),
    options={"width": 32},
)


class TwoTowers(nn.Module):
    """`{name: Tokens}` → `features_BD`."""

    def __init__(self, specs, width):
        super().__init__()
        self.towers = nn.ModuleList(Bag(spec, width=width, dropout=0.0) for spec in specs.values())
        self.num_features = 3 * width

    def forward(self, texts):
        left, right = (tower(text) for tower, text in zip(self.towers, texts.values(), strict=True))
        return torch.cat([left, right, left * right], dim=1)


def build(spec, *, gives="vector", width=32):
    return TwoTowers(spec, width)

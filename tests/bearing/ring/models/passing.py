"""One message from the node before. B batch."""

import torch
from torch import nn

from fukami.core.cards import ModelCard

CARD = ModelCard(name="passing", summary="one message", takes=("node",), gives=("vector",), options={"width": 16})


class Passing(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(2, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU())
        self.num_features = width

    def forward(self, nodes):
        return self.layers(torch.stack([nodes.own, nodes.before], dim=1))


def build(spec, *, gives="vector", width=16):
    return Passing(width)

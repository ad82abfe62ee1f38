"""Perceptron: the pixels themselves, weighed by the head alone (softmax regression where the head is linear).

Rosenblatt 1958, The Perceptron. What differs: probabilities and gradient descent instead of thresholds and the perceptron
rule.
"""

import torch
from torch import nn

from fukami.core.cards import ModelCard
from fukami.core.specs import ImageSpec

CARD = ModelCard(
    name="perceptron",
    summary="no hidden layer: every pixel has one weight for each answer; the least that can be called learning",
    takes=("image",),
    gives=("vector",),
    parameters={"image": {"": 0}},
    quick_for=("image",),
    learning={"learning_rate": 1e-3, "weight_decay": 0.01},
    source="Rosenblatt 1958; by hand",
    exempt={"pruning": "there is no hidden layer"},
)


def build(spec: ImageSpec, *, gives: str = "vector") -> nn.Module:
    """The pixels as features."""
    return Pixels(spec)


class Pixels(nn.Module):
    """`x_BCHW` → `features_BD` with D = C·H·W. Has no weights; those are the head's."""

    def __init__(self, spec: ImageSpec):
        super().__init__()
        self.num_features = spec.channels * spec.height * spec.width

    def forward(self, x_BCHW: torch.Tensor) -> torch.Tensor:
        return x_BCHW.flatten(1)

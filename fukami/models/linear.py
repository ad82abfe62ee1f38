"""Linear: the inputs themselves, weighed by the head alone: linear or logistic regression by gradient descent.

Numbers are scaled and categories are zeros and ones; pixels are taken as they are. The least that a deeper network must beat.
"""

import torch
from torch import nn

from fukami.core.cards import ModelCard
from fukami.core.specs import ImageSpec, RowSpec
from fukami.fields.contract import Cells
from fukami.layers.rows import FlatRow

CARD = ModelCard(
    name="linear",
    summary="one weight for each input and answer: linear or logistic regression",
    takes=("row", "image"),
    gives=("vector",),
    parameters={"row": {"": 0}, "image": {"": 0}},
    learning={"learning_rate": 5e-3, "weight_decay": 0.01},
    source="Nelder and Wedderburn 1972; by hand",
    exempt={"pruning": "there is no hidden layer"},
)


def build(spec: RowSpec | ImageSpec, *, gives: str = "vector") -> nn.Module:
    """The inputs as features."""
    return Linear(spec)


class Linear(nn.Module):
    """`Cells` or `x_BCHW` → `features_BD`. Has no weights; those are the head's."""

    def __init__(self, spec: RowSpec | ImageSpec):
        super().__init__()
        row = isinstance(spec, RowSpec)
        self.flatten = FlatRow(spec) if row else nn.Flatten()
        self.num_features = self.flatten.num_features if row else spec.channels * spec.height * spec.width

    def forward(self, inputs: Cells | torch.Tensor) -> torch.Tensor:
        return self.flatten(inputs)

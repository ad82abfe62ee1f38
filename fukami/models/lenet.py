"""LeNet-5: two convolutions, two dense layers; the first convolutional network in daily use (reading cheques).

LeCun et al. 1998, Gradient-Based Learning Applied to Document Recognition. What differs: the second convolution sees all maps,
pooling has no weights, and the output layer is the head. For pictures other than 28 × 28 only the first dense layer changes.
"""

import torch
from torch import nn

from fukami.core.cards import ModelCard
from fukami.core.specs import ImageSpec

CARD = ModelCard(
    name="lenet",
    summary="the classic of 1998: two convolutions and two dense layers, for small pictures",
    takes=("image",),
    gives=("vector", "grid"),
    parameters={"image": {"": 82_276}},
    options={"activation": "tanh"},
    learning={"learning_rate": 2e-3, "weight_decay": 0.01},
    image={"least_size_px": 12, "min_size_px": 28},
    source="LeCun et al. 1998; by hand",
)


def build(spec: ImageSpec, *, gives: str = "vector", activation: str = "tanh") -> nn.Module:
    """LeNet-5 with `activation` "tanh" (as published) or "relu"; `grid` leaves the dense layers out."""
    return LeNet(spec, gives=gives, activation=nn.ReLU if activation == "relu" else nn.Tanh)


class LeNet(nn.Module):
    """Pictures `x_BCHW` → `features_BD` (D = 84) or `features_BDHW` (D = 16)."""

    def __init__(self, spec: ImageSpec, *, gives: str, activation: type[nn.Module]):
        super().__init__()
        self.maps = nn.Sequential(
            *(nn.Conv2d(spec.channels, 6, 5, padding=2), activation(), nn.AvgPool2d(2)),
            *(nn.Conv2d(6, 16, 5), activation(), nn.AvgPool2d(2)),
        )
        height, width = ((side // 2 - 4) // 2 for side in (spec.height, spec.width))
        self.dense = nn.Identity()
        if gives == "vector":
            flat = 16 * height * width
            self.dense = nn.Sequential(nn.Flatten(), nn.Linear(flat, 120), activation(), nn.Linear(120, 84), activation())
        self.num_features = 84 if gives == "vector" else 16

    def forward(self, x_BCHW: torch.Tensor) -> torch.Tensor:
        return self.dense(self.maps(x_BCHW))

    def layer_groups(self) -> list[list[nn.Parameter]]:
        """One group for each layer."""
        return [list(layer.parameters()) for layer in (*self.maps, *self.dense.children()) if list(layer.parameters())]

"""A small convolutional network for small pictures, quick on a processor: the default where nothing else is asked for.

Blocks of convolution, batch normalisation and ReLU; few channels at full resolution, where most of the time goes, and twice as
many after each halving. By hand; the shape is that of Springenberg et al. 2015 with pooling instead of strides.

Shapes: B batch, C channels, H and W pixels, D features.
"""

import torch
from torch import nn

from fukami.core.cards import ModelCard
from fukami.core.specs import ImageSpec

CARD = ModelCard(
    name="cnn",
    summary="small convolutional network; the quickest way to a good answer on small pictures",
    takes=("image",),
    gives=("vector", "grid"),
    sizes={
        "tiny": {"width": 8, "depth": 1},
        "small": {"width": 16, "depth": 2},
        "base": {"width": 32, "depth": 2},
        "large": {"width": 64, "depth": 3},
    },
    size="small",
    parameters={"image": {"tiny": 95_144, "small": 1_154_256, "base": 4_612_512, "large": 30_830_912}},
    options={"width": 16, "depth": 2, "dropout": 0.0},
    typical_for=("image",),
    learning={"optimizer": "muon", "learning_rate": 1e-2, "momentum": 0.95, "weight_decay": 0.05},
    image={"least_size_px": 4, "min_size_px": 4},
    source="by hand",
)


def build(spec: ImageSpec, *, gives: str = "vector", width: int = 16, depth: int = 2, dropout: float = 0.0) -> nn.Module:
    """A stem at full resolution, then stages that halve it, until the grid has 4 to 7 cells along its shorter side.

    Args:
        spec: channels and size of the pictures, from 4 × 4 on.
        gives: `vector` (mean and maximum over the grid) or `grid`.
        width: channels of the stem; the first stage has 4 times, later ones twice as many as the one before, 512 at most
            for `width` 16 or less.
        depth: convolutions of each stage.
        dropout: share of the features dropped in training.
    """
    return ConvNet(spec, gives=gives, width=width, depth=depth, dropout=dropout)


def block(channels: int, out_channels: int, *, stride: int = 1) -> nn.Sequential:
    """3 × 3 convolution, batch normalisation, ReLU."""
    return nn.Sequential(
        nn.Conv2d(channels, out_channels, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(inplace=True),
    )


def halvings(side: int) -> int:
    """How often `side` pixels are halved until 4 to 7 are left.

    >>> [halvings(side) for side in (4, 8, 28, 32, 64, 224)]
    [0, 1, 2, 3, 4, 5]
    """
    return max(side.bit_length() - 3, 0)


class ConvNet(nn.Module):
    """Pictures `x_BCHW` → `features_BD` or `features_BDHW`."""

    def __init__(self, spec: ImageSpec, *, gives: str, width: int, depth: int, dropout: float):
        super().__init__()
        times = halvings(min(spec.height, spec.width))
        large = min(spec.height, spec.width) >= 96  # the first halvings of large pictures cost time and find little
        self.stem = nn.Sequential(block(spec.channels, width, stride=2 if large else 1))
        if large:
            times -= 1
        stages = []
        channels, following = width, 4 * width
        for _number in range(max(times, 1)):
            pool = [nn.MaxPool2d(2)] if times else []
            stages.append(nn.Sequential(*pool, *(block(channels if i == 0 else following, following) for i in range(depth))))
            channels, following = following, min(2 * following, 512 * max(1, width // 16))
        self.stages = nn.ModuleList(stages)
        self.gives = gives
        self.dropout = nn.Dropout(dropout)
        self.num_features = 2 * channels if gives == "vector" else channels

    def forward(self, x_BCHW: torch.Tensor) -> torch.Tensor:
        x_BDHW = self.stem(x_BCHW)
        for stage in self.stages:
            x_BDHW = stage(x_BDHW)
        if self.gives == "grid":
            return x_BDHW
        return self.dropout(torch.cat([x_BDHW.mean((2, 3)), x_BDHW.amax((2, 3))], dim=1))

    def layer_groups(self) -> list[list[nn.Parameter]]:
        """The stem, then each stage."""
        return [list(self.stem.parameters()), *(list(stage.parameters()) for stage in self.stages)]

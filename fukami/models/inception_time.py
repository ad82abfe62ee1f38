"""InceptionTime: convolutions of several lengths side by side over series. Fawaz et al. 2020, arXiv:1909.04939.

Blocks of a bottleneck, three convolutions of long, middle and short reach beside a maximum of three steps, batch normalisation
and ReLU; every third block is joined with what entered the first of the three. Then the mean over time. What differs: one
network instead of five that vote; kernels of odd length (39, 19 and 9 instead of 40, 20 and 10), none longer than the series.

Figures: see `recipes/series.py`. Shapes: B batch, L steps, C channels, D features.
"""

from itertools import pairwise

import torch
from torch import nn

from fukami.core.cards import ModelCard
from fukami.core.specs import SeriesSpec

CARD = ModelCard(
    name="inception-time",
    summary="convolutions of several lengths over a series; a good first choice for classes and numbers of series",
    takes=("series",),
    gives=("vector",),
    sizes={
        "tiny": {"width": 8, "depth": 3},
        "small": {"width": 16, "depth": 6},
        "base": {"width": 32, "depth": 6},
        "large": {"width": 64, "depth": 9},
    },
    size="small",
    parameters={"series": {"tiny": 14_480, "small": 118_944, "base": 472_384, "large": 2_871_936}},
    options={"width": 16, "depth": 6, "reach": 40, "dropout": 0.0},
    small={"width": 4, "depth": 3, "reach": 8},
    quick_for=("series",),
    typical_for=("series",),
    learning={"learning_rate": 2e-3, "weight_decay": 0.01},
    source="Fawaz et al. 2020, arXiv:1909.04939; by hand",
)


def build(
    spec: SeriesSpec, *, gives: str = "vector", width: int = 16, depth: int = 6, reach: int = 40, dropout: float = 0.0
) -> nn.Module:
    """Blocks of convolutions.

    Args:
        spec: steps and channels.
        gives: `vector`.
        width: filters of each of the four branches of a block.
        depth: blocks; every third ends a residual.
        reach: steps that the longest convolution sees; the others a half and a quarter.
        dropout: share of the features dropped in training.
    """
    return InceptionTime(spec, width=width, depth=depth, reach=reach, dropout=dropout)


class Inception(nn.Module):
    """`x_BCL` → four branches of `width` channels."""

    def __init__(self, channels: int, width: int, kernels: tuple[int, ...]):
        super().__init__()
        self.bottleneck = nn.Conv1d(channels, width, 1, bias=False) if channels > 1 else nn.Identity()
        narrow = width if channels > 1 else 1
        self.convs = nn.ModuleList(nn.Conv1d(narrow, width, kernel, padding=kernel // 2, bias=False) for kernel in kernels)
        self.pool = nn.MaxPool1d(3, stride=1, padding=1)
        self.pooled = nn.Conv1d(channels, width, 1, bias=False)
        self.norm = nn.BatchNorm1d(width * (len(kernels) + 1))

    def forward(self, x_BCL: torch.Tensor) -> torch.Tensor:
        narrow_BCL = self.bottleneck(x_BCL)
        parts = [conv(narrow_BCL) for conv in self.convs]
        return self.norm(torch.cat([*parts, self.pooled(self.pool(x_BCL))], dim=1)).relu()


class Residual(nn.Module):
    """Blocks, and what entered them beside what leaves them."""

    def __init__(self, channels: int, width: int, kernels: tuple[int, ...], depth: int):
        super().__init__()
        sizes = [channels, *[(len(kernels) + 1) * width] * depth]
        self.blocks = nn.Sequential(*(Inception(size, width, kernels) for size in sizes[:-1]))
        self.beside = nn.Sequential(nn.Conv1d(channels, sizes[-1], 1, bias=False), nn.BatchNorm1d(sizes[-1]))

    def forward(self, x_BCL: torch.Tensor) -> torch.Tensor:
        return (self.blocks(x_BCL) + self.beside(x_BCL)).relu()


class InceptionTime(nn.Module):
    """`x_BLC` → `features_BD`."""

    def __init__(self, spec: SeriesSpec, *, width: int, depth: int, reach: int, dropout: float):
        super().__init__()
        longest = max(1, min(reach, spec.steps))
        kernels = tuple(max(1, (longest >> half) - (1 - (longest >> half) % 2)) for half in range(3))
        parts = [3] * (depth // 3) + ([depth % 3] if depth % 3 else [])
        sizes = [spec.channels, *[4 * width] * len(parts)]
        self.parts = nn.Sequential(
            *(Residual(size, width, kernels, part) for (size, _next), part in zip(pairwise(sizes), parts, strict=True))
        )
        self.dropout = nn.Dropout(dropout)
        self.num_features = sizes[-1]

    def forward(self, x_BLC: torch.Tensor) -> torch.Tensor:
        return self.dropout(self.parts(x_BLC.transpose(1, 2)).mean(2))

    def layer_groups(self) -> list[list[nn.Parameter]]:
        """The blocks of each residual."""
        return [list(part.parameters()) for part in self.parts]

"""A small residual network that gives features at several sizes: for those who look for things of several sizes from scratch.

He et al. 2016, basic blocks. What differs: the stem halves once, with one 3 × 3 convolution, and keeps what is small; one block
a stage; widths grow slowly.

Shapes: B batch, C channels, H and W pixels.
"""

from collections import OrderedDict

import torch
from torch import nn
from torchvision.ops import FeaturePyramidNetwork


class Pyramid(nn.Sequential):
    """`x_BCHW` → features of each stage, the first of which is a quarter as large as the picture, each further half of that."""

    def __init__(self, channels: int, widths: tuple[int, ...], blocks: int = 1):
        stem = nn.Sequential(
            nn.Conv2d(channels, widths[0], 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(widths[0]), nn.ReLU(inplace=True)
        )
        stages: OrderedDict[str, nn.Module] = OrderedDict(stem=stem)
        before = widths[0]
        for level, width in enumerate(widths, 1):
            stages[str(level)] = nn.Sequential(
                *(Block(before if not i else width, width, stride=1 if i else 2) for i in range(blocks))
            )
            before = width
        super().__init__(stages)


class Block(nn.Module):
    """Two 3 × 3 convolutions and a way past them."""

    def __init__(self, channels: int, width: int, *, stride: int):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, width, 3, stride=stride, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
            nn.Conv2d(width, width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width),
        )
        self.past: nn.Module = nn.Identity()
        if stride > 1 or channels != width:
            pool = [nn.AvgPool2d(stride, ceil_mode=True)] if stride > 1 else []
            self.past = nn.Sequential(*pool, nn.Conv2d(channels, width, 1, bias=False), nn.BatchNorm2d(width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (self.body(x) + self.past(x)).relu()


class Grids(nn.Module):
    """Features of a pyramid's stages from `first` on, by name; with `joined`, each taken together with those of coarser ones,
    all of that width (Lin et al. 2017)."""

    def __init__(self, body: Pyramid, widths: list[int], *, first: int, joined: int = 0):
        super().__init__()
        self.body, self.first = body, first
        self.fpn = FeaturePyramidNetwork(widths, joined) if joined else None
        self.out_channels = joined or widths

    def forward(self, x_BCHW: torch.Tensor) -> dict[str, torch.Tensor]:
        found: OrderedDict[str, torch.Tensor] = OrderedDict()
        for name, stage in self.body.named_children():
            x_BCHW = stage(x_BCHW)
            if name.isdigit() and int(name) >= self.first:
                found[name] = x_BCHW
        return found if self.fpn is None else self.fpn(found)

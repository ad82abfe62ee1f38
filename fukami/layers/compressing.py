"""From an input to a short code: what models of normal examples squeeze inputs through.

Shapes: B batch, Z numbers of a code, D numbers of a plain vector, C channels, H and W pixels, L steps or tokens.
"""

from itertools import pairwise
from typing import Any

import torch
from torch import nn

from fukami.core.specs import ImageSpec, TokenSpec
from fukami.layers.embedding import Embedding
from fukami.layers.plain import plain
from fukami.layers.pooling import masked_mean

LEAST_SIDE = 4
"""Pictures are halved while they have twice as many pixels along their shorter side."""
MOST_HALVINGS = 5


def halvings(height: int, width: int) -> int:
    """How often pictures of this size are halved, at least once.

    >>> halvings(28, 28), halvings(8, 8), halvings(224, 224)
    (2, 1, 5)
    """
    return max(1, min(MOST_HALVINGS, (min(height, width) // LEAST_SIDE).bit_length() - 1))


def encoder(spec: Any, code: int, width: int, *, bias: bool) -> nn.Module:
    """A batch of inputs → `code_BZ`. Without `bias` nothing but the input can move a code (Ruff et al. 2018)."""
    if isinstance(spec, ImageSpec):
        return Pictures(spec, code, width, bias=bias)
    if isinstance(spec, TokenSpec):
        return Texts(spec, code, width, bias=bias)
    flat = plain(spec)
    return nn.Sequential(flat, *dense([flat.num_features, 8 * width, 4 * width, code], bias=bias))


def dense(sizes: list[int], *, bias: bool = True) -> list[nn.Module]:
    """Linear layers with a leaky ReLU between them."""
    layers: list[nn.Module] = []
    for before, after in pairwise(sizes):
        layers += [nn.Linear(before, after, bias=bias), nn.LeakyReLU(0.1)]
    return layers[:-1]


class Pictures(nn.Module):
    """Convolutions, each of which halves the picture and doubles the channels, and one dense layer."""

    def __init__(self, spec: ImageSpec, code: int, width: int, *, bias: bool):
        super().__init__()
        times = halvings(spec.height, spec.width)
        channels = [spec.channels, *(min(256, width << step) for step in range(times))]
        self.layers = nn.Sequential(
            *(
                nn.Sequential(
                    nn.Conv2d(before, after, 5, stride=2, padding=2, bias=bias),
                    nn.BatchNorm2d(after, affine=bias),
                    nn.LeakyReLU(0.1),
                )
                for before, after in pairwise(channels)
            )
        )
        self.shape = channels[-1], -(-spec.height // 2**times), -(-spec.width // 2**times)
        self.last = nn.Linear(self.shape[0] * self.shape[1] * self.shape[2], code, bias=bias)

    def forward(self, x_BCHW: torch.Tensor) -> torch.Tensor:
        return self.last(self.layers(x_BCHW).flatten(1))


class Texts(nn.Module):
    """The mean of the tokens' vectors, and dense layers."""

    def __init__(self, spec: TokenSpec, code: int, width: int, *, bias: bool):
        super().__init__()
        self.embedding = Embedding(spec, 4 * width)
        self.layers = nn.Sequential(*dense([4 * width, 4 * width, code], bias=bias))

    def forward(self, tokens: Any) -> torch.Tensor:
        return self.layers(masked_mean(*self.embedding(tokens)))

"""What an input holds as one vector of plain numbers, without anything learned: for what compares inputs or brings them back.

Shapes: B batch, D numbers of a vector, E elements of an input (`Units.of`), C channels, H and W pixels, L steps or tokens.
"""

import math
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from fukami.core.specs import ImageSpec, RowSpec, SeriesSpec, Spec, TokenSpec
from fukami.fields.contract import Cells, Tokens
from fukami.layers.pooling import valid
from fukami.layers.rows import FlatRow


class Plain(nn.Module):
    """An input's batch → `x_BD`. `placed` brings numbers that belong to the vector back to where the input's elements lie."""

    num_features: int

    def placed(self, x_BD: torch.Tensor) -> torch.Tensor | None:
        """What each element of the input has of `x_BD`, summed up, in the shape of its elements (B, …); None where the vector
        does not tell them apart."""
        return None


def plain(spec: Any) -> Plain:
    """The plain vector of inputs of this kind."""
    kinds: dict[type[Spec], type[Any]] = {RowSpec: Row, SeriesSpec: Series, ImageSpec: Image, TokenSpec: Text}
    return kinds[type(spec)](spec)


class Row(Plain):
    """Numbers as they are scaled, categories as zeros and ones."""

    def __init__(self, spec: RowSpec):
        super().__init__()
        self.flat, self.num_numbers, self.cardinalities = FlatRow(spec), spec.num_numbers, spec.cardinalities
        self.num_features = self.flat.num_features

    def forward(self, cells: Cells) -> torch.Tensor:
        return self.flat(cells)

    def placed(self, x_BD: torch.Tensor) -> torch.Tensor:
        numbers_BN, *rest = x_BD.split([self.num_numbers, *self.cardinalities], 1)
        return torch.cat([numbers_BN, *(part.sum(1, keepdim=True) for part in rest)], 1)


class Series(Plain):
    """All steps of all channels."""

    def __init__(self, spec: SeriesSpec):
        super().__init__()
        self.shape = spec.steps, spec.channels
        self.num_features = spec.steps * spec.channels

    def forward(self, x_BLC: torch.Tensor) -> torch.Tensor:
        return x_BLC.flatten(1)

    def placed(self, x_BD: torch.Tensor) -> torch.Tensor:
        return x_BD.unflatten(1, self.shape)


class Image(Plain):
    """How strong edges are in each of eight directions, in cells of a seventh of the picture, as square roots.

    Histograms of gradients as in Dalal and Triggs 2005 with the square root of Arandjelović and Zisserman 2012: few bright
    edges do not drown the many faint ones. Two pictures of one thing stay near where one is a little moved or brighter.
    """

    DIRECTIONS, CELLS = 8, 7
    angles: torch.Tensor

    def __init__(self, spec: ImageSpec):
        super().__init__()
        self.size = spec.height, spec.width
        self.grid = min(self.CELLS, spec.height), min(self.CELLS, spec.width)
        angles = torch.arange(self.DIRECTIONS) * (2 * math.pi / self.DIRECTIONS)
        self.register_buffer("angles", angles.view(1, -1, 1, 1), persistent=False)
        self.num_features = math.prod(self.grid) * self.DIRECTIONS

    def forward(self, x_BCHW: torch.Tensor) -> torch.Tensor:
        x_B1HW = x_BCHW.mean(1, keepdim=True)
        right = F.pad(x_B1HW[..., 2:] - x_B1HW[..., :-2], (1, 1))
        down = F.pad(x_B1HW[:, :, 2:] - x_B1HW[:, :, :-2], (0, 0, 1, 1))
        along = right * self.angles.cos() + down * self.angles.sin()  # strength times the cosine of the angle between
        strength = (right.square() + down.square()).clamp_min(1e-12)
        edges_BAHW = along.clamp_min(0).pow(4) / strength.pow(1.5)
        return F.adaptive_avg_pool2d(edges_BAHW, self.grid).clamp_min(1e-12).sqrt().flatten(1)

    def placed(self, x_BD: torch.Tensor) -> torch.Tensor:
        cells_BHW = x_BD.unflatten(1, (self.DIRECTIONS, *self.grid)).sum(1, keepdim=True)
        return F.interpolate(cells_BHW, self.size, mode="bilinear", align_corners=False)[:, 0]


class Text(Plain):
    """The tokens that occur, as signs drawn once for each of them, weighed and added up: nearly the cosine of their counts
    (Charikar 2002). Tokens weigh as much as `rarity` says, which is learned with what is normal."""

    WIDTH = 256
    signs: torch.Tensor
    rarity: torch.Tensor

    def __init__(self, spec: TokenSpec):
        super().__init__()
        rng = torch.Generator("cpu").manual_seed(0)
        signs_VD = 2.0 * torch.randint(0, 2, (spec.vocabulary_size, self.WIDTH), generator=rng, device="cpu") - 1
        self.register_buffer("signs", signs_VD / math.sqrt(self.WIDTH), persistent=False)
        self.register_buffer("rarity", torch.ones(spec.vocabulary_size))
        self.num_features = self.WIDTH

    def learn(self, tokens: Tokens) -> None:
        """Weighs each token by how few of these texts have it."""
        there_BL, total = valid(tokens.lengths, tokens.ids.shape[1]), len(tokens.lengths)
        texts_BL = torch.arange(total, device=tokens.ids.device).unsqueeze(1).expand_as(tokens.ids)
        pairs = torch.stack([texts_BL[there_BL], tokens.ids[there_BL]], 1).unique(dim=0)
        counts_V = torch.bincount(pairs[:, 1], minlength=len(self.rarity))
        self.rarity = torch.log((1 + total) / (1 + counts_V)) + 1

    def forward(self, tokens: Tokens) -> torch.Tensor:
        ids_BL = tokens.ids if tokens.ids.shape[1] else tokens.ids.new_zeros(len(tokens.ids), 1)
        there_BL = valid(tokens.lengths, ids_BL.shape[1])
        weights_BL1 = (self.rarity[ids_BL] * there_BL).unsqueeze(2)
        return F.normalize((self.signs[ids_BL] * weights_BL1).sum(1), dim=1)

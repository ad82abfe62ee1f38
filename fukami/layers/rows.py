"""Blocks for rows of a table: embeddings of numbers and categories, and layers of many members.

Shapes: B batch, N numbers, M categories, T bins, D features, E members.
"""

import math

import torch
from torch import nn

from fukami.core.specs import RowSpec
from fukami.fields.contract import Cells


class PiecewiseLinear(nn.Module):
    """Piecewise-linear encoding of numbers (Gorishniy et al. 2022, "On embeddings for numerical features").

        code_t = (x - edge_t) / (edge_{t+1} - edge_t), within [0, 1]

    so that bins below x are 1, the bin of x holds how far x is in it, and bins above are 0. The first bin goes on below 0 and
    the last one beyond 1, so that nothing outside the training range is lost. Numbers with fewer bins are padded with zeros.

    Args:
        edges: for each number its increasing edges; fewer than two give one bin that is the number itself.

    Shapes: `numbers_BN` → `codes_BNT`, T the largest number of bins.

    >>> PiecewiseLinear(((0.0, 1.0, 3.0),))(torch.tensor([[2.0], [-1.0]])).tolist()
    [[[1.0, 0.5]], [[-1.0, 0.0]]]
    """

    scale: torch.Tensor
    shift: torch.Tensor
    low: torch.Tensor
    high: torch.Tensor

    def __init__(self, edges: tuple[tuple[float, ...], ...]):
        super().__init__()
        bins = [max(1, len(one) - 1) for one in edges]
        self.num_bins = max(bins, default=0)
        scale, shift = torch.zeros(len(edges), self.num_bins), torch.zeros(len(edges), self.num_bins)
        low, high = torch.zeros_like(scale), torch.zeros_like(scale)
        for n, one in enumerate(edges):
            cuts = torch.tensor(one if len(one) > 1 else (0.0, 1.0), dtype=torch.float64)
            widths = cuts.diff()
            scale[n, : bins[n]], shift[n, : bins[n]] = (1 / widths).float(), (-cuts[:-1] / widths).float()
            high[n, : bins[n]] = 1.0
            low[n, 0], high[n, bins[n] - 1] = -math.inf, math.inf
        for name, value in (("scale", scale), ("shift", shift), ("low", low), ("high", high)):
            self.register_buffer(name, value, persistent=False)

    def forward(self, numbers_BN: torch.Tensor) -> torch.Tensor:
        codes_BNT = torch.addcmul(self.shift, numbers_BN.unsqueeze(-1), self.scale)
        return torch.clamp(codes_BNT, self.low, self.high)


class NumberEmbeddings(nn.Module):
    """Each number as D features: a linear part, plus a linear part of its piecewise-linear encoding that starts at zero.

    Version B of Gorishniy et al. (2024): at the start it is a plain linear layer, and bends where the data asks for it. What
    differs: the bending part is multiplied by `gain`, which under Adam lets it move `gain` times as fast as other weights.
    One bin sees few rows, and at the common rate the bends are still nearly flat when the rest has learned.

    Shapes: `numbers_BN` → `features_BND`.
    """

    def __init__(self, spec: RowSpec, width: int, *, gain: float = 3.0):
        super().__init__()
        total = spec.num_numbers
        self.gain = gain
        self.encode = PiecewiseLinear(spec.edges or ((),) * total)
        self.weight = nn.Parameter(torch.empty(total, width))
        self.bias = nn.Parameter(torch.empty(total, width))
        self.bend = nn.Parameter(torch.zeros(total, self.encode.num_bins, width))
        nn.init.uniform_(self.weight, -1, 1)
        nn.init.uniform_(self.bias, -1, 1)

    def forward(self, numbers_BN: torch.Tensor) -> torch.Tensor:
        codes_NBT = self.encode(numbers_BN).transpose(0, 1)
        linear_BND = torch.addcmul(self.bias, numbers_BN.unsqueeze(-1), self.weight)
        return linear_BND + self.gain * torch.bmm(codes_NBT, self.bend).transpose(0, 1)


class CategoryEmbeddings(nn.Module):
    """Each category as D features, from one table for all columns.

    Shapes: `categories_BM` → `features_BMD`.
    """

    offsets: torch.Tensor

    def __init__(self, cardinalities: tuple[int, ...], width: int):
        super().__init__()
        starts = torch.tensor([0, *cardinalities[:-1]]).cumsum(0)
        self.register_buffer("offsets", starts, persistent=False)
        self.table = nn.Embedding(sum(cardinalities), width)
        nn.init.uniform_(self.table.weight, -1 / math.sqrt(width), 1 / math.sqrt(width))

    def forward(self, categories_BM: torch.Tensor) -> torch.Tensor:
        return self.table(categories_BM + self.offsets)


class OneHot(nn.Module):
    """Categories as zeros and ones, side by side.

    Shapes: `categories_BM` → `features_BD`, D the sum of the cardinalities, in the number format `dtype`.

    >>> OneHot((2, 3))(torch.tensor([[1, 0]])).tolist()
    [[0.0, 1.0, 1.0, 0.0, 0.0]]
    """

    offsets: torch.Tensor

    def __init__(self, cardinalities: tuple[int, ...]):
        super().__init__()
        self.num_features = sum(cardinalities)
        self.register_buffer("offsets", torch.tensor([0, *cardinalities[:-1]]).cumsum(0), persistent=False)

    def forward(self, categories_BM: torch.Tensor, dtype: torch.dtype = torch.float32) -> torch.Tensor:
        codes_BD = torch.zeros(categories_BM.shape[0], self.num_features, dtype=dtype, device=categories_BM.device)
        return codes_BD.scatter_(1, categories_BM + self.offsets, 1.0)


class FlatRow(nn.Module):
    """A whole row as one vector: numbers as they are or embedded, and categories as zeros and ones.

    Args:
        spec: the row's sizes.
        width: features of each number; 0 takes the number itself.

    Shapes: `Cells` → `features_BD`, D = `num_features`.
    """

    def __init__(self, spec: RowSpec, width: int = 0):
        super().__init__()
        self.numbers = NumberEmbeddings(spec, width) if width and spec.num_numbers else None
        self.categories = OneHot(spec.cardinalities) if spec.cardinalities else None
        self.num_features = spec.num_numbers * max(1, width) + sum(spec.cardinalities)

    def forward(self, cells: Cells) -> torch.Tensor:
        numbers_BD = cells.numbers if self.numbers is None else self.numbers(cells.numbers).flatten(1)
        if self.categories is None:
            return numbers_BD
        return torch.cat([numbers_BD, self.categories(cells.categories, cells.numbers.dtype)], dim=1)


class MemberScale(nn.Module):
    """One vector of features → one for each of E members: scaled and shifted by the member's own weights.

    Shapes: `features_BD` → `features_BED`.
    """

    def __init__(self, width: int, members: int, *, bound: float):
        super().__init__()
        self.scale = nn.Parameter(torch.randn(members, width))
        self.shift = nn.Parameter(torch.empty(members, width).uniform_(-bound, bound))

    def forward(self, features_BD: torch.Tensor) -> torch.Tensor:
        return torch.addcmul(self.shift, features_BD.unsqueeze(1), self.scale)


class RowResNet(nn.Module):
    """The residual network for rows of Gorishniy et al. 2021: blocks of norm, linear, ReLU, linear, added to what came in.

    What differs: layer norm in place of batch norm, so that training does not depend on the batch's make-up, and numbers in
    piecewise-linear embeddings.

    Shapes: `Cells` → `features_BD`, D = `num_features`.
    """

    def __init__(self, spec: RowSpec, *, width: int, depth: int, dropout: float, embedding: int = 12):
        super().__init__()
        self.embed = FlatRow(spec, embedding)
        self.first = nn.Linear(self.embed.num_features, width)
        self.blocks = nn.ModuleList(
            nn.Sequential(
                nn.LayerNorm(width),
                nn.Linear(width, 2 * width),
                nn.ReLU(),
                nn.Dropout(dropout),
                nn.Linear(2 * width, width),
                nn.Dropout(dropout / 2),
            )
            for _block in range(depth)
        )
        self.last = nn.Sequential(nn.LayerNorm(width), nn.ReLU())
        self.num_features = width

    def forward(self, cells: Cells) -> torch.Tensor:
        x_BD = self.first(self.embed(cells))
        for block in self.blocks:
            x_BD = x_BD + block(x_BD)
        return self.last(x_BD)

    def layer_groups(self) -> list[list[nn.Parameter]]:
        layers = [nn.ModuleList([self.embed, self.first]), *self.blocks, self.last]
        return [list(layer.parameters()) for layer in layers]

"""DLinear: a moving average and what is left of a series, each mapped from past to future by one linear layer.

Zeng et al. 2023, "Are Transformers Effective for Time Series Forecasting?". As in the authors' code the layers are shared by
all channels unless `individual`, edges are repeated for the average, and weights begin as those of any linear layer.
B batch, L steps of the past, H steps of the future, C channels.
"""

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from fukami.core.cards import ModelCard
from fukami.core.specs import SeriesSpec

CARD = ModelCard(
    name="dlinear",
    summary="two linear layers, for the moving average of a series and for what is left",
    takes=("series",),
    gives=("series",),
    parameters={"series": {"": 64_704}},
    options={"kernel": 25, "individual": False},
    learning={"learning_rate": 5e-3, "weight_decay": 0.0},
    source="Zeng et al. 2023, arXiv:2205.13504; by hand",
)


def build(spec: SeriesSpec, *, gives: str, target: Any, kernel: int = 25, individual: bool = False) -> nn.Module:
    """`kernel` steps are averaged; `individual` gives each channel layers of its own. `target` is what is foreseen."""
    return DLinear(spec.steps, target.steps, spec.channels if individual else 1, kernel)


class DLinear(nn.Module):
    """`x_BLC` → `y_BHC`."""

    num_features = 0

    def __init__(self, past: int, future: int, copies: int, kernel: int):
        super().__init__()
        self.kernel = kernel
        self.trend, self.rest = Shared(past, future, copies), Shared(past, future, copies)

    def forward(self, x_BLC: torch.Tensor) -> torch.Tensor:
        x_BCL = x_BLC.transpose(1, 2)
        trend_BCL = average(x_BCL, self.kernel)
        return (self.trend(trend_BCL) + self.rest(x_BCL - trend_BCL)).transpose(1, 2)


class Shared(nn.Module):
    """A linear layer from L to H steps, one for all channels or one for each."""

    def __init__(self, past: int, future: int, copies: int):
        super().__init__()
        layers = [nn.Linear(past, future) for _copy in range(copies)]
        self.weight = nn.Parameter(torch.stack([layer.weight.detach() for layer in layers]))
        self.bias = nn.Parameter(torch.stack([layer.bias.detach() for layer in layers]))

    def forward(self, x_BCL: torch.Tensor) -> torch.Tensor:
        if len(self.weight) == 1:
            return F.linear(x_BCL, self.weight[0], self.bias[0])
        return torch.einsum("bcl,chl->bch", x_BCL, self.weight) + self.bias


def average(x_BCL: torch.Tensor, kernel: int) -> torch.Tensor:
    """The mean of the `kernel` steps around each; the first and last values are repeated beyond the ends.

    >>> average(torch.tensor([[[1.0, 2.0, 6.0]]]), 3).tolist()
    [[[1.3333333730697632, 3.0, 4.666666507720947]]]
    """
    before, after = (kernel - 1) // 2, kernel // 2
    padded = torch.cat([x_BCL[..., :1].expand(-1, -1, before), x_BCL, x_BCL[..., -1:].expand(-1, -1, after)], dim=-1)
    return F.avg_pool1d(padded, kernel, stride=1)

"""The last layer: features in, raw outputs out.

Shapes: B batch, M members, D features, K outputs, H and W places of a grid.
"""

import math

import torch
from torch import nn


class LinearHead(nn.Module):
    """outputs = features Wᵀ + b, with weights of its own for every member.

    With one member `weight` is (K, D) and `bias` (K), as in `nn.Linear`, so that other libraries read it as their
    classifier. With M members they are (M, K, D) and (M, K), as in TabM (Gorishniy et al. 2025). Initialised as `nn.Linear`:
    uniform within 1/√D.

    Args:
        num_features: D, what the encoder gives.
        num_outputs: K.
        members: M.

    >>> LinearHead(8, 3)(torch.zeros(2, 8)).shape
    torch.Size([2, 1, 3])
    >>> LinearHead(8, 3, members=4)(torch.zeros(2, 4, 8)).shape
    torch.Size([2, 4, 3])
    """

    def __init__(self, num_features: int, num_outputs: int, members: int = 1):
        super().__init__()
        self.num_features, self.num_outputs, self.members = num_features, num_outputs, members
        lead = () if members == 1 else (members,)
        self.weight = nn.Parameter(torch.empty(*lead, num_outputs, num_features))
        self.bias = nn.Parameter(torch.empty(*lead, num_outputs))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws new weights from torch's generator."""
        bound = 1 / math.sqrt(self.num_features)
        nn.init.uniform_(self.weight, -bound, bound)
        nn.init.uniform_(self.bias, -bound, bound)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """`features_BD` or `features_BMD` → `outputs_BMK`. Features without members are given to every member."""
        features_BMD = features.unsqueeze(1) if features.ndim == 2 else features
        if self.members == 1:
            return nn.functional.linear(features_BMD, self.weight, self.bias)
        return torch.einsum("bmd,mkd->bmk", features_BMD.expand(-1, self.members, -1), self.weight) + self.bias

    def extra_repr(self) -> str:
        return f"num_features={self.num_features}, num_outputs={self.num_outputs}, members={self.members}"


class DenseHead(nn.Conv2d):
    """The same at every place of a grid: a 1 × 1 convolution, `features_BDHW` → `outputs_BKHW`.

    >>> DenseHead(8, 3)(torch.zeros(2, 8, 4, 5)).shape
    torch.Size([2, 3, 4, 5])
    """

    def __init__(self, num_features: int, num_outputs: int):
        super().__init__(num_features, num_outputs, 1)

    @property
    def num_features(self) -> int:
        """D, as `LinearHead` calls it."""
        return self.in_channels

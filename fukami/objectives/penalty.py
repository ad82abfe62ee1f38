"""The L1 penalty (lasso; Tibshirani 1996) as a wrapper of an objective: `loss + l1 * sum |w|`, not over biases and norms."""

import torch
from torch import nn


def l1(network: nn.Module, strength: float) -> torch.Tensor:
    """The penalty of a network's weights: `strength` times the sum of |w| over parameters with two or more axes.

    >>> float(l1(nn.Linear(2, 1), 0.0))
    0.0
    """
    weights = [p for p in network.parameters() if p.ndim > 1 and p.requires_grad]
    if not strength or not weights:
        return torch.zeros((), device=weights[0].device if weights else None)
    return strength * torch.stack([w.abs().sum() for w in weights]).sum()


def penalised(objective, network: nn.Module, strength: float):
    """The objective `(outputs, batch) -> loss` plus the network's L1 penalty; the same objective where `strength` is 0."""
    if not strength:
        return objective

    def of(outputs: torch.Tensor, batch) -> torch.Tensor:
        return objective(outputs, batch) + l1(network, strength)

    return of

"""The L1 penalty (lasso; Tibshirani 1996) around an objective: `loss + strength * sum |w|`, not over biases and norms."""

import torch
from torch import nn

from fukami.objectives.contract import Batch, Objective, Outcome, Turns


def l1(network: nn.Module) -> torch.Tensor:
    """The sum of |w| over parameters with two or more axes that learn.

    >>> layer = nn.Linear(2, 1)
    >>> with torch.no_grad(): _ = layer.weight.copy_(torch.tensor([[1.0, -2.0]]))
    >>> l1(layer).item()
    3.0
    """
    return sum((p.abs().sum() for p in network.parameters() if p.ndim > 1 and p.requires_grad), torch.zeros(()))


def penalised(objective: Objective | Turns, strength: float) -> Objective | Turns:
    """The objective plus the L1 penalty of the network that it is given; the same objective where `strength` is 0.

    Of several players each has the penalty: it moves the weights of the one whose turn it is.
    """
    if not strength:
        return objective
    if isinstance(objective, Turns):
        return Turns({name: _penalised(player, strength) for name, player in objective.items()})
    return _penalised(objective, strength)


def _penalised(objective: Objective, strength: float) -> Objective:
    def of(network: nn.Module, batch: Batch, rng: torch.Generator) -> Outcome:
        found = objective(network, batch, rng)
        return found._replace(loss=found.loss.mean() + strength * l1(network))

    return of

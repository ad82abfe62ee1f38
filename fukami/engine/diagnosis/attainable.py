"""The two ends of a loss: what guessing reaches, and the lowest that any network could reach.

Losses have no scale of their own: with ten classes and smoothed labels, 0.5 is perfect and 2.3 is a guess. Both ends are found
by minimising the training's own objective over free outputs: one output for all examples, and one for each.

B examples; outputs have shape (B, …).
"""

from typing import Any

import torch
from torch import nn

from fukami.objectives.contract import Objective

ROUNDS = 60
"""Rounds of L-BFGS. Both problems are convex for the usual losses."""


class Outputs(nn.Module):
    """A network that does not look: it gives its own outputs, whatever the inputs."""

    def __init__(self, outputs: torch.Tensor, size: int):
        super().__init__()
        self.outputs, self.size = nn.Parameter(outputs), size

    def forward(self, _inputs: Any, *, features: bool = False) -> Any:
        """Outputs, and None for the features that a teacher's would be compared with."""
        outputs = self.outputs.expand(self.size, *self.outputs.shape[1:])
        return (outputs, None) if features else outputs


def guess(objective: Objective, batch: dict[str, Any], outputs: torch.Tensor) -> float:
    """The lowest loss of a batch that the same outputs for every example reach; `outputs` gives their shape.

    >>> from fukami.objectives.contract import Outcome
    >>> squares = lambda net, batch, rng: Outcome((net(batch)[:, 0] - batch["y"]) ** 2)
    >>> round(guess(squares, {"y": torch.tensor([0.0, 2.0])}, torch.zeros(2, 1)), 3)
    1.0
    """
    return _lowest(objective, batch, torch.zeros_like(outputs[:1]), len(outputs))


def floor(objective: Objective, batch: dict[str, Any], outputs: torch.Tensor) -> float:
    """The lowest loss of a batch that any outputs reach.

    >>> from fukami.objectives.contract import Outcome
    >>> squares = lambda net, batch, rng: Outcome((net(batch)[:, 0] - batch["y"]) ** 2)
    >>> round(floor(squares, {"y": torch.tensor([0.0, 2.0])}, torch.zeros(2, 1)), 3)
    0.0
    """
    return _lowest(objective, batch, torch.zeros_like(outputs), len(outputs))


def _lowest(objective: Objective, batch: dict[str, Any], start: torch.Tensor, size: int) -> float:
    network = Outputs(start.detach().float(), size)
    search = torch.optim.LBFGS(network.parameters(), max_iter=ROUNDS, line_search_fn="strong_wolfe")
    lowest = float("inf")

    def loss() -> torch.Tensor:
        nonlocal lowest
        found = objective(network, batch, torch.Generator(start.device).manual_seed(0)).loss.mean()
        (gradient,) = torch.autograd.grad(found, [network.outputs])
        network.outputs.grad = gradient.contiguous()  # L-BFGS reads it as one row
        lowest = min(lowest, found.item())
        return found

    search.step(loss)  # type: ignore[arg-type]
    return lowest

"""The two ends of a loss: what guessing reaches, and the lowest that any network could reach.

Losses have no scale of their own: with ten classes and smoothed labels, 0.5 is perfect and 2.3 is a guess. Both ends are found
by minimising the training's own objective over free outputs: one output for all examples, and one for each.

B examples; outputs have shape (B, …), of several targets by their names.
"""

from typing import Any

import torch
from torch import nn

from fukami.fields import batch as trees
from fukami.objectives.contract import Objective

ROUNDS = 60
"""Rounds of L-BFGS. Both problems are convex for the usual losses."""


class Outputs(nn.Module):
    """A network that does not look: it gives its own outputs, a tree of tensors, whatever the inputs."""

    def __init__(self, outputs: Any, size: int):
        super().__init__()
        self.like, self.size = outputs, size
        self.each = nn.ParameterList([nn.Parameter(leaf) for leaf in trees.leaves(outputs)])

    def forward(self, _inputs: Any, *, features: bool = False) -> Any:
        """Outputs, and None for the features that a teacher's would be compared with."""
        left = iter(self.each)
        outputs = trees.mapped(self.like, lambda leaf: next(left).expand(self.size, *leaf.shape[1:]))
        return (outputs, None) if features else outputs


def guess(objective: Objective, batch: dict[str, Any], outputs: Any) -> float:
    """The lowest loss of a batch that the same outputs for every example reach; `outputs` gives their shape.

    >>> from fukami.objectives.contract import Outcome
    >>> squares = lambda net, batch, rng: Outcome((net(batch)[:, 0] - batch["y"]) ** 2)
    >>> round(guess(squares, {"y": torch.tensor([0.0, 2.0])}, torch.zeros(2, 1)), 3)
    1.0
    """
    return _lowest(objective, batch, trees.part(outputs, 0, 1), trees.size(outputs))


def floor(objective: Objective, batch: dict[str, Any], outputs: Any) -> float:
    """The lowest loss of a batch that any outputs reach.

    >>> from fukami.objectives.contract import Outcome
    >>> squares = lambda net, batch, rng: Outcome((net(batch)[:, 0] - batch["y"]) ** 2)
    >>> round(floor(squares, {"y": torch.tensor([0.0, 2.0])}, torch.zeros(2, 1)), 3)
    0.0
    """
    return _lowest(objective, batch, outputs, trees.size(outputs))


def _lowest(objective: Objective, batch: dict[str, Any], like: Any, size: int) -> float:
    start = trees.mapped(like, lambda leaf: torch.zeros_like(leaf, dtype=torch.float32))
    network, device = Outputs(start, size), trees.leaves(start)[0].device
    search = torch.optim.LBFGS(network.parameters(), max_iter=ROUNDS, line_search_fn="strong_wolfe")
    lowest = float("inf")

    def loss() -> torch.Tensor:
        nonlocal lowest
        found = objective(network, batch, torch.Generator(device).manual_seed(0)).loss.mean()
        each = list(network.parameters())
        for own, gradient in zip(each, torch.autograd.grad(found, each), strict=True):
            own.grad = gradient.contiguous()  # L-BFGS reads it as one row
        lowest = min(lowest, found.item())
        return found

    search.step(loss)  # type: ignore[arg-type]
    return lowest

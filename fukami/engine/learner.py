"""What a training is made of, and where it stands.

What a step computes is one module, `LossOf`: the objective on the network, however often it asks it. That module is what is
compiled, spread over processes and timed.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from fukami.core.recipe import LearningChoices
from fukami.data.batches import Order
from fukami.data.source import Source
from fukami.data.store import Store
from fukami.engine.ema import EMA
from fukami.engine.mishaps import Event
from fukami.engine.plan import Plan
from fukami.engine.ranks import ALONE, Ranks
from fukami.engine.schedules import factor
from fukami.objectives.contract import Batch, Objective, Turns

Vary = Callable[[dict[str, Any], torch.Generator], dict[str, Any]]
"""`(batch, rng) -> batch`: what varies a whole batch after each field has augmented its own part (mixup)."""

Losses = dict[str, torch.Tensor]
"""Parts of a loss by name (detached)."""


class LossOf(nn.Module):
    """An objective on `network` as one module: `(objective, batch, rng)` → the mean loss, and parts of it by name."""

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network

    def forward(self, objective: Objective, batch: Batch, rng: torch.Generator) -> tuple[torch.Tensor, Losses]:
        found = objective(self.network, batch, rng)
        return found.loss.mean(), {name: value.detach().float().mean() for name, value in found.told.items()}


@dataclass
class Learner:
    """What a training is made of, and where it stands (`step`: how many steps are done).

    `network` holds the weights; `called` is what computes: the objective on it, as it is, compiled, or spread over processes.
    `micro_batch` examples are computed at a time (0: all of a step); `rate_scale` is the share of the learning rate that is
    left after going back. `events` are for the caller to take away and tell.
    """

    network: nn.Module
    objective: Objective | Turns
    optimizer: torch.optim.Optimizer
    learning: LearningChoices
    store: Store | Source
    order: Order
    plan: Plan
    num_steps: int
    seed: int
    device: torch.device
    augment: bool = True
    vary: Vary | None = None
    ema: EMA | None = None
    frozen_steps: int = 0
    ranks: Ranks = ALONE
    called: nn.Module = None  # type: ignore[assignment]
    step: int = 0
    micro_batch: int = 0
    rate_scale: float = 1.0
    events: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.called = LossOf(self.network) if self.called is None else self.called

    def rate(self) -> float:
        """The learning rate of the coming step."""
        return self.rate_scale * self.learning.learning_rate * factor(self.step / self.num_steps, self.learning)

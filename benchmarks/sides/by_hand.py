"""Loops written by hand in PyTorch: the plain one over a `DataLoader`, and one that is tuned to the machine.

The tuned loop keeps the data in memory as tensors, uses fused optimisers, and follows the step plan that Fukami chose, so that
what is left between the two is what the engine costs. B examples, C channels, H and W pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from benchmarks.contract import Outcome, Settings
from benchmarks.sides.clock import Clock

Pair = tuple[torch.Tensor, torch.Tensor]


def fit(
    network: nn.Module,
    epoch: Callable[[], Iterable[Pair]],
    optimizer: torch.optim.Optimizer,
    settings: Settings,
    *,
    evaluate: Callable[[], float],
    units_per_epoch: int,
    plan: Plan | None = None,
) -> Outcome:
    """Trains over the batches that `epoch()` gives, and evaluates. Without a plan: float32, eager, as they come."""
    plan = plan or Plan({})
    called = plan.prepared(network)
    with Clock(settings, evaluate) as clock:
        for _epoch in range(settings.epochs):
            network.train()
            for inputs, targets in epoch():
                inputs, targets = plan.arranged(inputs.to(settings.device)), targets.to(settings.device)
                with plan.autocast(settings.device):
                    loss = F.cross_entropy(called(inputs), targets)
                optimizer.zero_grad(set_to_none=True)
                loss.backward()
                optimizer.step()
            if clock.epoch_ended():
                break
    return clock.outcome(units_per_epoch)


class Plan:
    """Fukami's step plan, followed by hand. `told` is the `plan` section of its recipe."""

    def __init__(self, told: dict[str, Any]):
        self.bfloat16 = told.get("precision") == "bfloat16"
        self.channels_last = told.get("memory_format") == "channels-last"
        self.compiled = told.get("compile") == "yes"

    def prepared(self, network: nn.Module) -> Callable[..., Any]:
        """The network in the plan's memory order (in place), and what to call in its place."""
        if self.channels_last:
            network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        return torch.compile(network) if self.compiled else network

    def arranged(self, inputs: torch.Tensor) -> torch.Tensor:
        return inputs.contiguous(memory_format=torch.channels_last) if self.channels_last and inputs.ndim == 4 else inputs

    def autocast(self, device: str) -> AbstractContextManager:
        return torch.autocast(device, dtype=torch.bfloat16) if self.bfloat16 else nullcontext()


def resident(inputs: torch.Tensor, targets: torch.Tensor, batch_size: int) -> Callable[[], Iterator[Pair]]:
    """Batches of tensors that lie in memory, in a new order each epoch; what does not fill a batch waits for the next."""

    def epoch() -> Iterator[Pair]:
        order = torch.randperm(len(inputs), device=inputs.device)
        for start in range(0, len(order) - batch_size + 1, batch_size):
            rows = order[start : start + batch_size]
            yield inputs[rows], targets[rows]

    return epoch


def accuracy(network: nn.Module, inputs: torch.Tensor, targets: torch.Tensor, *, batch_size: int = 500) -> float:
    """The share of right answers, in float32."""
    device = next(network.parameters()).device
    training = network.training
    network.eval()
    right = 0
    with torch.inference_mode():
        for start in range(0, len(inputs), batch_size):
            outputs = network(inputs[start : start + batch_size].to(device))
            right += int((outputs.argmax(1).cpu() == targets[start : start + batch_size]).sum())
    network.train(training)
    return right / len(inputs)

"""A short training of a copy at a constant rate after a short rise. Nothing of the training itself is touched."""

import copy
import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

from fukami.core.recipe import LearningChoices
from fukami.core.seeds import derive
from fukami.engine.optimisers import build, parameter_groups, set_rate
from fukami.objectives.contract import Batch, Objective, Turns, mean_loss

RISE = 5
"""Steps in which the rate rises: without them a rate that a schedule would make bearable looks too high."""


@dataclass(frozen=True)
class Trial:
    """A copy after `steps` steps. `loss` is None where it stopped being a finite number.

    `moved` is the mean size of the first full step's change of a weight matrix, as a share of the matrix.
    """

    network: nn.Module
    rate: float
    steps: int
    loss: float | None
    moved: float
    seconds: float


def train_briefly(
    network: nn.Module,
    objective: Objective | Turns,
    batch_at: Callable[[int], Batch],
    learning: LearningChoices,
    *,
    rate: float,
    steps: int,
    seed: int,
    until: float = -math.inf,
) -> Trial:
    """Trains a copy of `network` for `steps` steps on `batch_at(0)`, `batch_at(1)`, …, or until the loss is below `until`.

    Optimiser, weight decay and clipping are those of `learning`.
    """
    device = next(network.parameters()).device
    started = time.perf_counter()
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        trial = copy.deepcopy(network).train()
        trial.requires_grad_(True)
        optimizer = build(learning, parameter_groups(trial, learning))
        done, value, moved = 0, math.nan, 0.0
        for step in range(steps):
            set_rate(optimizer, rate * min(1.0, (step + 1) / RISE))
            torch.manual_seed(derive(seed, "trial", step))
            rng = torch.Generator(device).manual_seed(derive(seed, "trial-augment", step))
            loss = mean_loss(objective, trial, batch_at(step), rng)
            value = loss.item()
            if not math.isfinite(value) or value < until:
                break
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            if learning.clip_norm:
                nn.utils.clip_grad_norm_(trial.parameters(), learning.clip_norm)
            before = matrices(trial) if step == RISE else []
            optimizer.step()
            moved = _moved(before, matrices(trial, copied=False)) if before else moved
            done = step + 1
    finite = math.isfinite(value) and all(bool(torch.isfinite(p).all()) for p in trial.parameters())
    return Trial(trial, rate, done, value if finite else None, moved, time.perf_counter() - started)


def matrices(network: nn.Module, *, copied: bool = True) -> list[torch.Tensor]:
    """Every weight with two or more axes."""
    found = [p.detach() for p in network.parameters() if p.ndim > 1]
    return [p.clone() for p in found] if copied else found


def _moved(before: list[torch.Tensor], after: list[torch.Tensor]) -> float:
    shares = [float((b - a).norm() / a.norm()) for a, b in zip(before, after, strict=True) if float(a.norm()) > 0]
    shares = [share for share in shares if math.isfinite(share)]
    return sum(shares) / len(shares) if shares else 0.0

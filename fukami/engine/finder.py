"""The learning-rate range test (Smith 2015): train a copy for some steps at rates that grow exponentially and watch the loss.

The suggested rate is a third of the one where the smoothed loss is lowest, before it blew up. The steepest point (fastai's
rule) hangs on the noise of the first steps; the minimum is stable, and a factor below it training is quick and safe. Smoothing
is an exponential average with bias correction. The network is not touched.
"""

import copy
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import nn

from fukami.core.errors import RunError
from fukami.core.language import _
from fukami.core.recipe import LearningChoices
from fukami.core.seeds import derive
from fukami.engine.optimisers import build, parameter_groups, set_rate
from fukami.objectives.contract import Batch, Objective, Turns, mean_loss

BELOW = 3.0
"""The suggestion is this many times below the rate of the lowest loss."""
SMOOTHING = 0.9
"""Weight of the past in the smoothed loss."""
DIVERGED = 3.0
"""The test ends when the smoothed loss is this many times the lowest one, counted from zero."""


@dataclass(frozen=True)
class Found:
    """The suggested rate, and the curve: each tried rate with its smoothed loss."""

    rate: float
    rates: tuple[float, ...]
    losses: tuple[float, ...]


def find(
    network: nn.Module,
    objective: Objective | Turns,
    batch_at: Callable[[int], Batch],
    learning: LearningChoices,
    *,
    steps: int = 80,
    low: float = 1e-6,
    high: float = 1.0,
    seed: int = 0,
) -> Found:
    """Tries `steps` rates from `low` to `high` on a copy of `network`; `batch_at(i)` gives the i-th batch.

    Optimiser, momentum and weight decay are those of `learning`. Weights, statistics and the random state are as before
    afterwards. Raises `RunError` F-RATE-NOT-FOUND where the loss is not finite from the start or never falls.
    """
    device = next(network.parameters()).device
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        trial = copy.deepcopy(network).train()
        curve = list(_sweep(trial, objective, batch_at, learning, _geometric(low, high, steps), seed))
    rates, losses = tuple(rate for rate, _loss in curve), tuple(loss for _rate, loss in curve)
    if len(losses) < 10 or min(losses) >= losses[0]:
        raise RunError(
            "F-RATE-NOT-FOUND",
            _("no learning rate lets the loss fall"),
            expected=_("a falling loss at some rate from {low} to {high}").format(low=low, high=high),
            got=_("loss {loss} at the start").format(loss=f"{losses[0]:.4g}" if losses else "nan"),
            fix=_("look at the data: fukami check; or set the rate: --set learning_rate=…"),
        )
    return Found(rates[losses.index(min(losses))] / BELOW, rates, losses)


def _geometric(low: float, high: float, steps: int) -> list[float]:
    return [low * (high / low) ** (i / (steps - 1)) for i in range(steps)]


def _sweep(
    network: nn.Module,
    objective: Objective | Turns,
    batch_at: Callable[[int], Batch],
    learning: LearningChoices,
    rates: list[float],
    seed: int,
) -> Iterator[tuple[float, float]]:
    """Each rate with the smoothed loss before its update, until the loss has blown up."""
    optimizer = build(learning, parameter_groups(network, learning))
    device = next(network.parameters()).device
    average, lowest = 0.0, math.inf
    for index, rate in enumerate(rates):
        set_rate(optimizer, rate)
        torch.manual_seed(derive(seed, "finder", index))
        rng = torch.Generator(device).manual_seed(derive(seed, "finder-augment", index))
        loss = mean_loss(objective, network, batch_at(index), rng)
        value = loss.item()
        if not math.isfinite(value):
            return
        average = SMOOTHING * average + (1 - SMOOTHING) * value
        smooth = average / (1 - SMOOTHING ** (index + 1))
        lowest = min(lowest, smooth)
        yield rate, smooth
        if smooth > DIVERGED * lowest and index >= 10:
            return
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        if learning.clip_norm:
            nn.utils.clip_grad_norm_(network.parameters(), learning.clip_norm)
        optimizer.step()

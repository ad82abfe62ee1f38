"""The whole training loop: a generator of progress. The caller owns stopping, validating, saving and showing.

    for progress in train(learner):
        if progress.ends_epoch: …

Everything random in a step is seeded by (seed, step), and the examples of a step follow from (seed, epoch, step), so that a
learner whose state is restored at step n continues exactly as it would have done.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from fukami.core.errors import RunError
from fukami.core.language import _
from fukami.core.recipe import LearningChoices
from fukami.core.seeds import derive
from fukami.data.batches import Order
from fukami.data.store import Store
from fukami.engine.ema import EMA
from fukami.engine.optimisers import set_rate
from fukami.engine.plan import Plan
from fukami.engine.schedules import factor

Objective = Callable[[nn.Module, dict[str, Any], torch.Generator], torch.Tensor]
"""`(network, batch, rng) -> loss`: one learning step's loss. Wrappers (mixing, penalties, distillation) have the same form."""


@dataclass
class Learner:
    """What a training is made of, and where it stands (`step`: how many steps are done)."""

    network: nn.Module
    objective: Objective
    optimizer: torch.optim.Optimizer
    learning: LearningChoices
    store: Store
    order: Order
    plan: Plan
    num_steps: int
    seed: int
    device: torch.device
    augment: bool = True
    ema: EMA | None = None
    frozen_steps: int = 0
    step: int = 0


@dataclass(frozen=True)
class Progress:
    """A finished step. `loss` and `gradient_norm` are tensors: reading them waits for the device, so read them seldom."""

    step: int
    num_steps: int
    epoch: float
    examples: int
    learning_rate: float
    loss: torch.Tensor
    gradient_norm: torch.Tensor
    ends_epoch: bool


def train(learner: Learner) -> Iterator[Progress]:
    """Runs the remaining steps of `learner`, yielding after each.

    Raises `RunError` F-LOSS-NONFINITE before a step with a loss or gradient that is not finite could change the weights.
    """
    while learner.step < learner.num_steps:
        learner.network.train()
        step, order = learner.step, learner.order
        rate = learner.learning.learning_rate * factor(step / learner.num_steps, learner.learning)
        set_rate(learner.optimizer, rate)
        freeze_encoder(learner.network, step < learner.frozen_steps)
        torch.manual_seed(derive(learner.seed, "step", step))
        rng = torch.Generator(learner.device).manual_seed(derive(learner.seed, "augment", step))

        rows = order.at(step)
        batch = prepare_batch(learner, rows, rng)
        with learner.plan.autocast():
            loss = learner.objective(learner.network, batch, rng)
        learner.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norm = clip(learner.network, learner.learning.clip_norm)
        require_finite(loss, norm, step=step, rows=rows)
        learner.optimizer.step()
        if learner.ema is not None:
            learner.ema.update()
        learner.step = step + 1

        done = (step + 1) / order.steps_per_epoch
        ends = (step + 1) % order.steps_per_epoch == 0 or step + 1 == learner.num_steps
        yield Progress(step + 1, learner.num_steps, done, len(rows), rate, loss.detach(), norm, ends)


def prepare_batch(learner: Learner, rows: np.ndarray, rng: torch.Generator) -> dict[str, Any]:
    """The tensors of `rows`, augmented, in the plan's memory format."""
    batch = learner.store.batch(rows, learner.device)
    if learner.augment:
        batch = {name: learner.store.fields[name].augment(value, rng) for name, value in batch.items()}
    return {name: learner.plan.arranged(value) for name, value in batch.items()}


def freeze_encoder(network: nn.Module, frozen: bool) -> None:
    """While only the head learns, the encoder neither collects gradients nor moves its batch statistics."""
    encoder = getattr(network, "encoder", None)
    if encoder is None:
        return
    if frozen:
        encoder.eval()
    if frozen == next((p.requires_grad for p in encoder.parameters()), frozen):
        encoder.requires_grad_(not frozen)


def clip(network: nn.Module, limit: float) -> torch.Tensor:
    """Scales gradients down to the norm `limit` (0: no limit) and returns the norm they had."""
    parameters = [p for p in network.parameters() if p.grad is not None]
    return nn.utils.clip_grad_norm_(parameters, limit if limit > 0 else float("inf"), foreach=True)


def require_finite(loss: torch.Tensor, norm: torch.Tensor, *, step: int, rows: np.ndarray) -> None:
    """Stops before the update when the loss or a gradient is not finite, naming the step and its examples."""
    if bool(torch.isfinite(loss) & torch.isfinite(norm)):
        return
    raise RunError(
        "F-LOSS-NONFINITE",
        _("the loss or its gradient is not a finite number any more"),
        where=_("step {step}, examples {rows} …").format(step=step, rows=", ".join(map(str, rows[:8]))),
        got=_("loss {loss}, gradient norm {norm}").format(loss=loss.item(), norm=norm.item()),
        fix=_("a lower rate: --set learning_rate=…; or look at those examples"),
    )

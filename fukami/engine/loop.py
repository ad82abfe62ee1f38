"""The whole training loop: a generator of progress. The caller owns stopping, validating, saving and showing.

    for progress in train(learner):
        if progress.ends_epoch: …

Everything random in a step is seeded by (seed, step), and the examples of a step follow from (seed, epoch, step), so that a
learner whose state is restored at step n continues exactly as it would have done. What goes wrong in a step is raised; going
back and trying again is `engine/keeper.py`.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from fukami.core.seeds import derive
from fukami.data.source import Source
from fukami.engine.learner import Learner, Losses
from fukami.engine.loader import Loaded, Loader
from fukami.engine.mishaps import NotFinite
from fukami.engine.optimisers import set_rate
from fukami.engine.step import clip, gradients, update
from fukami.fields.contract import Field
from fukami.objectives.contract import turns

CHECK_EVERY = 16
"""Steps between two looks at whether the loss is finite, on a device where looking means waiting for it."""


@dataclass(frozen=True)
class Progress:
    """A finished step. `loss` and `gradient_norm` are tensors: reading them waits for the device, so read them seldom.

    `told` are parts of the loss by name; `waited` is the time in seconds that this pass of the loop has waited for data so far.
    """

    step: int
    num_steps: int
    epoch: float
    examples: int
    learning_rate: float
    loss: torch.Tensor
    gradient_norm: torch.Tensor
    ends_epoch: bool
    waited: float = 0.0
    told: Losses = field(default_factory=dict)


def train(learner: Learner) -> Iterator[Progress]:
    """Runs the remaining steps of `learner`, yielding after each.

    Raises `NotFinite` before a step with a loss or gradient that is not finite could change the weights (on a device that has
    to be waited for, at most `CHECK_EVERY` steps later), `TooLarge` and `TornUpdate` where memory runs out.
    """
    order, per_epoch = learner.order, learner.order.steps_per_epoch
    source = learner.store if isinstance(learner.store, Source) else None  # asked once: a protocol is slower than a layer
    # what depends on the learner cannot be prepared before it has learned
    ahead = learner.plan.batches_ahead if source is None else 0
    loader = Loader(lambda step: load(learner, step), first=learner.step, num_steps=learner.num_steps, ahead=ahead)
    with loader:
        while learner.step < learner.num_steps:
            step = learner.step
            if not learner.network.training:  # a walk through all modules
                learner.network.train()
            rate = learner.rate()
            set_rate(learner.optimizer, rate)
            if learner.frozen_steps:
                freeze_encoder(learner.network, step < learner.frozen_steps)

            if source is not None:
                source.collect(learner.network, step)
            loaded = loader.take(step)
            ends = (step + 1) % per_epoch == 0 or step + 1 == learner.num_steps
            looks = learner.device.type == "cpu" or ends or (step + 1) % CHECK_EVERY == 0
            loss, norm, told = played(learner, loaded, looks=looks)
            learner.step = step + 1

            epoch = (step + 1) / per_epoch
            size = order.batch_size
            yield Progress(step + 1, learner.num_steps, epoch, size, rate, loss, norm, ends, loader.waited, told)


def played(learner: Learner, loaded: Loaded, *, looks: bool) -> tuple[torch.Tensor, torch.Tensor, Losses]:
    """One step of every player in turn, nearly always of one: the sum of losses, the norm of gradients, parts of the loss."""
    players = list(turns(learner.objective))
    losses, norms, parts = [], [], {}
    for player in players:
        loss, told = gradients(learner, loaded.batch, loaded.rng, player)
        norm = clip(learner.optimizer, learner.learning.clip_norm)
        if looks:
            require_finite(loss, norm, loaded)
        update(learner, last=player == players[-1])
        losses.append(loss)
        norms.append(norm)
        parts |= ({player: loss} if player else {}) | told
    if len(players) == 1:
        return losses[0], norms[0], parts
    return torch.stack(losses).sum(), torch.linalg.vector_norm(torch.stack(norms)), parts


def load(learner: Learner, step: int) -> Loaded:
    """The batch of a step: its examples gathered, augmented and mixed, in the plan's memory format, on the device."""
    rows = learner.order.at(step)
    rng = torch.Generator(learner.device).manual_seed(derive(learner.seed, "augment", step))
    return Loaded(step, rows, prepare_batch(learner, rows, rng), rng)


def prepare_batch(learner: Learner, rows: Any, rng: torch.Generator) -> dict[str, Any]:
    """The tensors of `rows`, varied by draws from `rng`, in the plan's memory format."""
    batch = learner.store.batch(rows, learner.device)
    if learner.augment:
        batch = augmented(learner.store.fields, batch, rng)
    if learner.vary is not None:
        batch = learner.vary(batch, rng)
    return {name: learner.plan.arranged(value) for name, value in batch.items()}


def augmented(fields: Mapping[str, Field], batch: dict[str, Any], rng: torch.Generator) -> dict[str, Any]:
    """The batch, each part varied by its field; what lies on an input whose elements moved follows."""
    out = dict(batch)
    for name in batch:
        out[name], moved = fields[name].vary(out[name], rng)
        if moved is not None:
            out |= {other: fields[other].follow(value, moved) for other, value in out.items() if other != name}
    return out


def freeze_encoder(network: nn.Module, frozen: bool) -> None:
    """While only the head learns, the encoder neither collects gradients nor moves its batch statistics."""
    encoder = getattr(network, "encoder", None)
    if encoder is None:
        return
    if frozen == next((p.requires_grad for p in encoder.parameters()), frozen):
        encoder.requires_grad_(not frozen)
    if encoder.training == frozen:
        encoder.train(not frozen)


def require_finite(loss: torch.Tensor, norm: torch.Tensor, loaded: Loaded) -> None:
    """Raises `NotFinite` where the loss or the norm of its gradient is not a finite number."""
    if not math.isfinite(loss.item()) or not math.isfinite(norm.item()):
        raise NotFinite(step=loaded.step, rows=loaded.rows, loss=loss.item(), norm=norm.item())

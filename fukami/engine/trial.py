"""Steps of a training on a copy of its network, to be timed and compared. Nothing of the training itself moves.

The copy learns at rate 0 through the engine's own loop, on the training's own batches, so that what is timed is what will run:
preparing the batch, forward, backward, clipping and the update.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import NamedTuple, cast

import numpy as np
import torch
from torch import nn

from fukami.core.language import _
from fukami.data.batches import Order
from fukami.data.source import Source
from fukami.engine.learner import Learner, LossOf
from fukami.engine.loop import load, train
from fukami.engine.memory import saved_bytes
from fukami.engine.mishaps import NotPrepared, TooLarge, TornUpdate, is_out_of_memory
from fukami.engine.plan import Plan, threads_kept
from fukami.engine.ranks import ALONE
from fukami.engine.step import clip, gradients, update
from fukami.fields import batch as trees
from fukami.objectives.contract import turns

OptimizerOf = Callable[[nn.Module], torch.optim.Optimizer]

SHORT = (MemoryError, NotPrepared, TooLarge, TornUpdate)
"""What a step raises, or Python itself, where memory runs out; allocators say it in a `RuntimeError`."""


class NotMeasured(Exception):
    """Nothing can be measured. Its text is for the user."""


class NotCopied(NotMeasured):
    """The network cannot be copied."""


class NoRoom(NotMeasured):
    """Memory does not suffice for a copy of the network and a step of it."""


@dataclass(frozen=True)
class Fewer:
    """An order whose steps have the first `batch_size` examples alone."""

    order: Order
    batch_size: int

    @property
    def steps_per_epoch(self) -> int:
        """As many as of whole steps."""
        return self.order.steps_per_epoch

    def at(self, step: int) -> np.ndarray:
        """Positions in the store of the examples of a step."""
        return self.order.at(step)[: self.batch_size]


class Agreement(NamedTuple):
    """How a gradient g compares with the reference r: their cosine, |g| / |r|, and |g - r| / |r|; not finite: (0, 0, inf)."""

    cosine: float
    norm: float
    difference: float


NONE = Agreement(0.0, 0.0, float("inf"))


@dataclass
class Trial:
    """What a learner's doubles do. Made by `apart`; `clock` gives seconds.

    Each memory order has a double of its own: one that changed its order from step to step would spend the steps on that.
    """

    learner: Learner
    optimizer_of: OptimizerOf
    clock: Callable[[], float] = time.perf_counter
    examples: int = 0
    doubles: dict[str, Learner] = field(default_factory=dict)
    compiled: dict[str, nn.Module] = field(default_factory=dict)
    reference: list[torch.Tensor | None] = field(default_factory=list)

    def take(self, examples: int) -> None:
        """From here on steps have so many examples; 0 for all that the training's have."""
        self.examples, self.reference = examples, []

    def seconds(self, plan: Plan, step: int, count: int = 1) -> float:
        """Seconds of a step under `plan`: the mean of `count` steps from `step` on."""
        learner = self._follow(plan)
        lead = 1 if plan.batches_ahead else 0  # the first batch is waited for; the steady state is what counts
        # as many batches remain to be prepared at the end as in the midst of a training
        learner.step, learner.num_steps = step, step + lead + count + plan.batches_ahead
        running = cast(Generator, train(learner))
        try:
            for _step in range(lead):
                next(running)
            self.wait()
            started = self.clock()
            for _step in range(count):
                next(running)
            self.wait()
            return (self.clock() - started) / count
        finally:
            running.close()

    def loading(self, plan: Plan, step: int) -> float:
        """Seconds that preparing a batch takes."""
        learner = self._follow(plan)
        started = self.clock()
        load(learner, step)
        self.wait()
        return self.clock() - started

    def updating(self, plan: Plan) -> float:
        """Seconds that clipping and the update take, which do not depend on the number of examples. A step went before."""
        double = self._follow(plan)
        started = self.clock()
        clip(double.optimizer, double.learning.clip_norm)
        update(double)
        self.wait()
        return self.clock() - started

    def fitted(self) -> int:
        """The micro-batch that memory allowed, where it ran out since this was last asked; else 0."""
        short = [double for double in self.doubles.values() if double.events]
        for double in short:
            double.events.clear()
        return min((double.micro_batch for double in short), default=0)

    def activations(self, plan: Plan, step: int, examples: int) -> int:
        """Bytes that the forward pass over the first `examples` of a step saves for the backward pass."""
        learner = self._follow(plan)
        loaded = load(learner, step)
        part = trees.part(loaded.batch, 0, min(examples, trees.size(loaded.batch)))
        return saved_bytes(learner, part, loaded.rng)

    def agreement(self, plan: Plan, usual: Plan, step: int) -> Agreement:
        """The gradient under `plan` beside the one under `usual`, which is computed once.

        Noise is off, since the order of random draws depends on number format and memory order. A compiled network is compared
        with the same one eager, noise on: both draw alike, and it would have to be compiled again for another mode.
        """
        if plan.compiled:
            reference = [*map(_copied, self._gradient(replace(plan, compiled=False), step))]
            return _compared(self._gradient(plan, step), reference)
        if not self.reference:
            with noiseless(self._follow(usual).network):
                self.reference = [*map(_copied, self._gradient(usual, step))]
        with noiseless(self._follow(plan).network):
            return _compared(self._gradient(plan, step), self.reference)

    def wait(self) -> None:
        """Until the device has done what it was given."""
        device = self.learner.device
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        elif device.type == "mps":
            torch.mps.synchronize()

    def _gradient(self, plan: Plan, step: int) -> list[torch.Tensor | None]:
        learner = self._follow(plan)
        learner.step = step
        loaded = load(learner, step)
        players, found = list(turns(learner.objective)), []
        for player in players:
            gradients(learner, loaded.batch, loaded.rng, player)
            found += [p.grad if len(players) == 1 else _copied(p.grad) for p in learner.network.parameters() if p.requires_grad]
        return found

    def _follow(self, plan: Plan) -> Learner:
        """A double with `plan` in force."""
        order = plan.memory_format
        if order not in self.doubles:
            self.doubles[order] = self._double()
            plan.prepared(self.doubles[order].network)
        double, whole = self.doubles[order], self.learner.order
        if plan.threads:
            torch.set_num_threads(plan.threads)
        if plan.compiled and order not in self.compiled:
            self.compiled[order] = plan.calling(LossOf(double.network))
        double.called = self.compiled[order] if plan.compiled else LossOf(double.network)
        double.order = cast(Order, Fewer(whole, self.examples)) if self.examples else whole
        double.plan, double.micro_batch = plan, plan.micro_batch
        return double

    def _double(self) -> Learner:
        network = copied_network(self.learner.network).train()
        return replace(
            self.learner,
            network=network,
            called=LossOf(network),
            optimizer=self.optimizer_of(network),
            store=self.learner.store.double() if isinstance(self.learner.store, Source) else self.learner.store,
            learning=replace(self.learner.learning, learning_rate=0.0),
            ema=None,
            frozen_steps=0,
            ranks=ALONE,
            step=0,
            events=[],
        )


def copied_network(network: nn.Module) -> nn.Module:
    """A copy. Raises `NotCopied`."""
    try:
        return copy.deepcopy(network)
    except Exception as error:  # a module of anybody's may hold what cannot be copied
        if is_out_of_memory(error):
            raise
        text = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
        raise NotCopied(
            _("the network cannot be copied for measuring ({reason}); the usual plan is taken").format(reason=text)
        ) from error


def _copied(gradient: torch.Tensor | None) -> torch.Tensor | None:
    return None if gradient is None else gradient.clone()


def _compared(own: list[torch.Tensor | None], reference: list[torch.Tensor | None]) -> Agreement:
    """Gradients parameter by parameter: one flat copy of a large network's would not always fit."""
    sums = torch.zeros(4, dtype=torch.float64)  # g · r, g · g, r · r, |g - r|²
    for g, r in zip(own, reference, strict=True):
        if (g is None) != (r is None):
            return NONE
        if g is not None and r is not None:
            g, r = (t.double() if t.device.type != "mps" else t.cpu().double() for t in (g, r))  # mps has no float64
            sums += torch.stack([(g * r).sum(), g.square().sum(), r.square().sum(), (g - r).square().sum()]).cpu()
    dot, length, usual, far = sums.tolist()
    if not math.isfinite(length) or (usual == 0) != (length == 0):
        return NONE
    if usual == 0:
        return Agreement(1.0, 1.0, 0.0)
    return Agreement(dot / math.sqrt(length * usual), math.sqrt(length / usual), math.sqrt(far / usual))


@contextmanager
def apart(learner: Learner, optimizer_of: OptimizerOf, *, clock: Callable[[], float] = time.perf_counter) -> Iterator[Trial]:
    """A trial with `learner`, in a scope after which random numbers and the number of threads are as they were.

    `optimizer_of` makes the training's kind of optimiser for the copied network. Raises `NoRoom` where memory runs out in it.
    """
    devices = [learner.device] if learner.device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices), threads_kept(), room():
        yield Trial(learner, optimizer_of, clock)


@contextmanager
def room() -> Iterator[None]:
    """A scope in which running out of memory, of whatever kind, becomes `NoRoom`."""
    try:
        yield
    except (RuntimeError, *SHORT) as error:
        if isinstance(error, RuntimeError) and not is_out_of_memory(error):
            raise
        raise NoRoom(_("memory did not suffice for measuring; the usual plan is taken")) from None


@contextmanager
def noiseless(network: nn.Module) -> Iterator[None]:
    """Evaluation mode but for batch norms, and for recurrent layers, which some devices differentiate in training only."""
    modes = {module: module.training for module in network.modules()}
    drops = {module: module.dropout for module in network.modules() if isinstance(module, nn.RNNBase)}
    try:
        for module in modes:
            module.training = isinstance(module, (nn.modules.batchnorm._BatchNorm, nn.RNNBase))
        for module in drops:
            module.dropout = 0.0
        yield
    finally:
        for module, mode in modes.items():
            module.training = mode
        for module, drop in drops.items():
            module.dropout = drop

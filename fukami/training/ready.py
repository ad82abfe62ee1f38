"""Between the stages: a learner about to take its first step, with everything decided that is decided by measuring."""

import time
from dataclasses import dataclass, replace
from typing import Any, cast

import torch

from fukami.core.recipe import Recipe
from fukami.core.seeds import derive
from fukami.engine import finder
from fukami.engine.ema import EMA
from fukami.engine.learner import Learner, LossOf
from fukami.engine.loop import load, prepare_batch
from fukami.engine.memory import batch_bytes, weight_bytes
from fukami.engine.plan import Measured, Plan
from fukami.engine.planner import Length, measure
from fukami.engine.ranks import ALONE, Ranks
from fukami.engine.spread import spread
from fukami.engine.trial import OptimizerOf, apart
from fukami.fields import batch as trees
from fukami.models.contract import Network
from fukami.training.building import Built, learner_of, order_of
from fukami.training.pace import length_of, seconds_per_step, seconds_together, snapshot_steps
from fukami.training.prepare import Prepared
from fukami.training.sharing import Sharing, agreed, alone, open_choices, require_shareable


@dataclass(frozen=True)
class Ready:
    """A learner about to take its first step, and the recipe with every measured choice written into it.

    `measured` is the step plan with the figures it rests on; `seconds_per_step` is 0 where nothing asked for it.
    """

    learner: Learner
    recipe: Recipe
    measured: Measured
    built: Built
    optimizer_of: OptimizerOf
    seconds_per_step: float
    whole: Network | None = None
    """Where the weights are divided among processes: a network of the same form for the whole of them."""
    sharing: Sharing | None = None
    """Where several processes share each step."""

    @property
    def plan(self) -> Plan:
        """How the steps are computed."""
        return self.measured.plan


def make_ready(
    prepared: Prepared,
    *,
    model: Any = None,
    loss: Any = None,
    for_plan: bool = False,
    ranks: Ranks = ALONE,
    at_once: int = 0,
) -> Ready:
    """Builds and measures everything that the loop needs. Measuring leaves weights and randomness as they were.

    `for_plan` measures the step plan afresh, and the seconds of a step even where no choice depends on them. Of several
    processes (`ranks`) the first measures and decides for all. At most `at_once` examples are computed at a time (0: no bound).
    """
    started = time.monotonic()
    learner, built, optimizer_of = learner_of(prepared, model=model, loss=loss, several=ranks.size > 1)
    require_shareable(prepared.recipe, learner, ranks)
    recipe, learning, epoch = prepared.recipe, prepared.recipe.learning, learner.order.steps_per_epoch
    length = Length(max(1, round(max(learning.epochs, 1) * epoch)), learning.minutes)
    # measured with as many examples in a step as one of the processes computes
    own = replace(learner, order=order_of(prepared, shares=ranks.size)) if ranks.size > 1 else learner
    choices = open_choices(recipe.plan, learner.network, ranks)
    measured = agreed(ranks, lambda: measure(own, choices=choices, optimizer_of=optimizer_of, length=length, afresh=for_plan))
    follow(learner, measured.plan)
    learner.micro_batch = least(learner.micro_batch, at_once)
    if learning.find_learning_rate:
        rate = ranks.told(lambda: found_rate(learner))
        learner.learning = replace(learning, learning_rate=rate, find_learning_rate=False)
    per_step = ranks.most(0.0 if learning.minutes and measured.remembered else measured.seconds)
    if not per_step and (for_plan or learning.minutes > 0 or recipe.plan.snapshot_steps == 0):
        # all at once, since they may share a processor; the slowest sets the pace
        per_step = ranks.most(seconds_per_step(replace(own, plan=measured.plan), optimizer_of))
    learner.frozen_steps = round(recipe.model.freeze_epochs * epoch) if built.pretrained else 0
    whole, sharing = None, None
    if ranks.size > 1:
        num_steps = round(length.minutes * 60 / max(per_step, 1e-9)) if length.minutes else length.steps
        whole, sharing = shared(learner, optimizer_of, ranks, num_steps=num_steps)
        per_step = sharing.together_s if learning.minutes else per_step
    settle(learner, per_step, prepared.seconds + time.monotonic() - started)
    every = recipe.plan.snapshot_steps or snapshot_steps(per_step, learner.device)
    settled = replace(measured.plan.choices(recipe.plan), snapshot_steps=every, devices=ranks.size)
    recipe = replace(recipe, learning=learner.learning, plan=settled)
    return Ready(learner, recipe, measured, built, optimizer_of, per_step, whole, sharing)


def shared(learner: Learner, optimizer_of: OptimizerOf, ranks: Ranks, *, num_steps: int) -> tuple[Network | None, Sharing]:
    """Spreads the learner over several processes; a network for the whole of divided weights, and what sharing is worth."""
    alone_s = alone(learner, optimizer_of, ranks, num_steps=num_steps)
    learner.ranks = ranks
    whole = cast("Network | None", spread(learner, optimizer_of, trees.part(sample(learner, 0), 0, 2)))
    together_s = seconds_together(learner) if learner.learning.minutes or alone_s else 0.0
    return whole, Sharing(ranks.size, together_s, alone_s)


def settle(learner: Learner, per_step: float, spent: float = 0.0) -> None:
    """Gives the learner its number of steps, and what depends on it; `spent` seconds went before the first."""
    learner.learning = replace(learner.learning, **length_of(learner, per_step, spent))
    learner.num_steps = max(1, round(learner.learning.epochs * learner.order.steps_per_epoch))
    learner.frozen_steps = min(learner.frozen_steps, learner.num_steps // 2)
    if learner.learning.ema:
        learner.ema = EMA(learner.network, learner.learning.ema)


def least(one: int, other: int) -> int:
    """The smaller of two bounds, where 0 is none.

    >>> least(0, 4), least(8, 4), least(8, 0)
    (4, 4, 8)
    """
    return min(one, other) if one and other else one or other


def follow(learner: Learner, plan: Plan) -> None:
    """Puts the plan into force."""
    learner.plan = plan
    plan.prepared(learner.network)
    learner.called = plan.calling(LossOf(learner.network))
    learner.micro_batch = plan.micro_batch


def sample(learner: Learner, index: int) -> dict[str, Any]:
    """A real training batch to measure with, drawn apart from the training's own draws."""
    rng = torch.Generator(learner.device).manual_seed(derive(learner.seed, "measure", index))
    return prepare_batch(learner, learner.order.at(index), rng)


def found_rate(learner: Learner) -> float:
    """The learning rate of a range test over real batches."""
    steps = learner.order.steps_per_epoch
    return finder.find(
        learner.network,
        learner.objective,
        lambda index: sample(learner, index % steps),
        learner.learning,
        seed=learner.seed,
    ).rate


def memory_bytes(ready: Ready) -> int:
    """What the training holds at most: weights, gradients, optimiser state and their snapshot, a batch, and its activations.

    Activations are those of one real step: measured on a GPU, counted as what is saved for the backward pass elsewhere.
    """
    learner = ready.learner
    weights = weight_bytes(learner.network, learner.learning.optimizer, ema=learner.ema is not None)
    with apart(learner, ready.optimizer_of) as trial:
        if learner.device.type == "cuda":
            before = torch.cuda.memory_allocated(learner.device)
            torch.cuda.reset_peak_memory_stats(learner.device)
            trial.seconds(learner.plan, 0)
            return weights + torch.cuda.max_memory_allocated(learner.device) - before
        batch = batch_bytes(load(learner, 0).batch)
        return weights + batch + trial.activations(learner.plan, 0, learner.micro_batch or learner.order.batch_size)

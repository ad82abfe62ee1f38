"""Between the stages: the network, its first weights, the step plan, the optimiser, the number of steps."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import nn

from fukami.core.errors import UsageError
from fukami.core.language import _
from fukami.core.recipe import Recipe
from fukami.core.seeds import derive
from fukami.data.batches import Order
from fukami.engine import finder, optimisers
from fukami.engine.ema import EMA
from fukami.engine.loop import CHECK_EVERY, Learner, Objective, Vary, prepare_batch
from fukami.engine.plan import Plan, measure, time_step
from fukami.models import registry
from fukami.models.contract import Network, width
from fukami.objectives.imbalance import class_weights, decide
from fukami.objectives.mixing import mix
from fukami.objectives.penalty import penalised
from fukami.training.prepare import Prepared

SNAPSHOT_EVERY_S = 5.0
"""What a killed training loses at most, besides the time since its last checkpoint."""


def pick_device(name: str) -> torch.device:
    """`auto` is the first of cuda, mps and cpu that is there. Raises `UsageError` for one that is not."""
    if name != "auto":
        try:
            return torch.empty(0, device=name).device
        except (RuntimeError, AssertionError):
            what = _("this machine has no such device")
            raise UsageError("F-DEVICE", what, expected="auto, cpu, cuda, mps", got=name, fix="--set device=auto") from None
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


@dataclass(frozen=True)
class Built:
    """A network with its first weights, and what is to be said about them."""

    network: Network
    notes: tuple[str, ...] = ()
    pretrained: dict[str, Any] | None = None


def build_network(prepared: Prepared, model: Any = None) -> Built:
    """The network of the recipe, its first weights drawn from the seed or taken from a pretrained checkpoint."""
    task, recipe = prepared.task, prepared.recipe
    torch.manual_seed(derive(recipe.learning.seed, "weights"))
    (spec,) = (field.spec() for field in task.inputs.values())
    if model is not None:
        return Built(registry.wrap(model, spec, task.target.num_outputs))
    assert prepared.choice is not None
    encoder = registry.build(prepared.choice, spec, gives=task.card.needs, options=recipe.model.options)
    head = task.head(task, *width(encoder))
    network = Network(encoder, head)
    found = prepared.pretrained
    if found.weights is None:
        return Built(network, tuple(found.notes))
    report = found.weights.into(network)
    return Built(network, tuple(found.notes), report)


def objective_of(prepared: Prepared, network: nn.Module, loss: Any = None) -> Objective:
    """The learning step's loss: the task's objective with the recipe's penalty around it."""
    task, learning = prepared.task, prepared.recipe.learning
    options = {"loss": loss} if loss is not None else {}
    judge = task.objective(task, learning, counts=class_counts(prepared), **options)
    judge = penalised(judge, network, learning.l1)

    def objective(net: nn.Module, batch: dict[str, Any], _rng: torch.Generator) -> torch.Tensor:
        return judge(net({name: batch[name] for name in task.inputs}), batch)

    return objective


def mixing_of(prepared: Prepared) -> Vary | None:
    """What blends the examples of a whole batch, where the recipe asks for it."""
    task, learning = prepared.task, prepared.recipe.learning
    if not (learning.mixup or learning.cutmix):
        return None
    return lambda batch, rng: mix(batch, task, learning, rng)


def class_counts(prepared: Prepared) -> np.ndarray | None:
    """Training examples of each class, where the target has classes."""
    counts = prepared.task.target.facts().get("class_counts")
    return None if counts is None else np.asarray(counts)


def order_of(prepared: Prepared) -> Order:
    """The order of the training examples: bucketed by length where lengths vary, rare classes more often where asked."""
    learning = prepared.recipe.learning
    counts, weights = class_counts(prepared), None
    if counts is not None and decide(counts, learning.imbalance) == "resample":
        weights = class_weights(counts)[prepared.target_of(prepared.split.train)].astype(np.float64)
    return Order(
        prepared.split.train, learning.batch_size, seed=learning.seed, lengths=prepared.store.lengths(), weights=weights
    )


@dataclass(frozen=True)
class Ready:
    """A learner about to take its first step, and the recipe with every measured choice written into it."""

    learner: Learner
    recipe: Recipe
    plan: Plan
    built: Built
    seconds_per_step: float


def make_ready(prepared: Prepared, *, model: Any = None, loss: Any = None, needs_time: bool = False) -> Ready:
    """Builds and measures everything that the loop needs. Measuring leaves weights and randomness as they were.

    `needs_time` measures the seconds of a step even where no choice depends on it (for `fukami plan`).
    """
    recipe = prepared.recipe
    device = pick_device(recipe.plan.device)
    built = build_network(prepared, model)
    network = built.network.to(device)
    objective, order = objective_of(prepared, network, loss), order_of(prepared)
    layer_decay = recipe.model.layer_decay if built.pretrained else 1.0
    learner = Learner(
        network=network,
        objective=objective,
        optimizer=optimisers.build(
            recipe.learning, optimisers.parameter_groups(network, recipe.learning, layer_decay=layer_decay)
        ),
        learning=recipe.learning,
        store=prepared.store,
        order=order,
        plan=Plan(),
        num_steps=1,
        seed=recipe.learning.seed,
        device=device,
        vary=mixing_of(prepared),
    )
    steps = max(1, round(max(recipe.learning.epochs, 1) * order.steps_per_epoch))
    learner.plan = measure(network, objective, sample(learner, 0), choices=recipe.plan, num_steps=steps, device=device)
    learner.plan.prepared(network)
    learner.called = learner.plan.calling(network)
    learner.micro_batch = learner.plan.micro_batch
    if recipe.learning.find_learning_rate:
        rate = found_rate(learner)
        learner.learning = replace(learner.learning, learning_rate=rate, find_learning_rate=False)
    timed = needs_time or recipe.learning.minutes > 0 or recipe.plan.snapshot_steps == 0
    per_step = seconds_per_step(learner) if timed else 0.0
    learner.learning = replace(learner.learning, **length_of(learner, per_step))
    learner.num_steps = max(1, round(learner.learning.epochs * order.steps_per_epoch))
    if built.pretrained:
        learner.frozen_steps = min(round(recipe.model.freeze_epochs * order.steps_per_epoch), learner.num_steps // 2)
    if learner.learning.ema:
        learner.ema = EMA(network, learner.learning.ema)
    every = recipe.plan.snapshot_steps or snapshot_steps(per_step, device)
    settled = replace(learner.plan.choices(recipe.plan), snapshot_steps=every)
    recipe = replace(recipe, learning=learner.learning, plan=settled)
    return Ready(learner, recipe, learner.plan, built, per_step)


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


def seconds_per_step(learner: Learner) -> float:
    """The time of one training step, over a few batches spread through the first epoch (lengths differ)."""
    spread = range(0, learner.order.steps_per_epoch, max(1, learner.order.steps_per_epoch // 3))
    batches = [sample(learner, index) for index in spread][:4]
    return time_step(learner.network, learner.objective, batches, plan=learner.plan, device=learner.device)


def snapshot_steps(per_step: float, device: torch.device) -> int:
    """Steps between two snapshots: about `SNAPSHOT_EVERY_S` of training, on other devices where the loss has just been read."""
    steps = min(1000, max(1, round(SNAPSHOT_EVERY_S / max(per_step, 1e-6))))
    return steps if device.type == "cpu" else -(-steps // CHECK_EVERY) * CHECK_EVERY


def length_of(learner: Learner, per_step: float) -> dict[str, float]:
    """The number of epochs that fits into the recipe's minutes, so that the schedule completes; the recipe's own otherwise.

    Minutes become epochs before the first step: the recipe that is written repeats the same training on any machine.
    """
    learning = learner.learning
    if not learning.minutes:
        return {"epochs": learning.epochs}
    steps = learning.minutes * 60 * 0.9 / max(per_step, 1e-6)  # a tenth is left for validation and evaluation
    return {"epochs": round(max(1 / learner.order.steps_per_epoch, steps / learner.order.steps_per_epoch), 4), "minutes": 0.0}


def memory_bytes(learner: Learner) -> int:
    """What a step needs at least: weights, gradients and optimiser state, and one batch. Activations come on top."""
    weights = sum(p.numel() * p.element_size() for p in learner.network.parameters())
    states = {"sgd": 1, "rmsprop": 1, "muon": 1}.get(learner.learning.optimizer, 2)
    return weights * (2 + states) + batch_bytes(sample(learner, 0))


def batch_bytes(batch: Any) -> int:
    """Bytes of every tensor in a batch."""
    if isinstance(batch, torch.Tensor):
        return batch.numel() * batch.element_size()
    parts = batch.values() if isinstance(batch, dict) else batch if isinstance(batch, tuple) else ()
    return sum(map(batch_bytes, parts))


def num_parameters(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())

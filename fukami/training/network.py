"""Between the stages: the network, its first weights, the step plan, the optimiser, the number of steps."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any, cast

import numpy as np
import torch
from torch import nn

from fukami.compress.pruning import prune
from fukami.compress.teacher import teacher_of
from fukami.core.errors import UsageError
from fukami.core.language import _
from fukami.core.recipe import PlanChoices, Recipe
from fukami.core.seeds import derive
from fukami.data.batches import Order
from fukami.engine import finder, optimisers
from fukami.engine.ema import EMA
from fukami.engine.keeper import copied, put_back, state_of
from fukami.engine.loop import CHECK_EVERY, Learner, Objective, Vary, load, prepare_batch, train
from fukami.engine.memory import batch_bytes, weight_bytes
from fukami.engine.mishaps import NotFinite
from fukami.engine.parts import part_of
from fukami.engine.plan import Measured, Plan
from fukami.engine.planner import Length, measure, steps_to_time
from fukami.engine.ranks import ALONE, Ranks
from fukami.engine.shared_norm import has_batch_norm
from fukami.engine.spread import spread
from fukami.engine.trial import NotMeasured, OptimizerOf, apart
from fukami.layers.dropout import quicken
from fukami.models import registry
from fukami.models.contract import Network, width
from fukami.objectives.distillation import distilled
from fukami.objectives.imbalance import class_weights, decide
from fukami.objectives.mixing import mix
from fukami.objectives.penalty import l1, penalised
from fukami.training.prepare import Prepared

SNAPSHOT_EVERY_S = 5.0
"""What a killed training loses at most, besides the time since its last checkpoint."""


def pick_device(name: str, *, several: bool = False) -> torch.device:
    """`auto` is the first of cuda, mps and cpu that is there. Raises `UsageError` for one that is not.

    A GPU is the process's current one. One of `several` processes takes the GPU that it was given, else the processor.
    """
    if name in ("auto", "cuda") and torch.cuda.is_available():
        return torch.device("cuda", torch.cuda.current_device())
    if several and name == "auto":
        return torch.device("cpu")
    if name != "auto":
        try:
            return torch.empty(0, device=name).device
        except (RuntimeError, AssertionError):
            what = _("this machine has no such device")
            raise UsageError("F-DEVICE", what, expected="auto, cpu, cuda, mps", got=name, fix="--set device=auto") from None
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
        return Built(cast("Network", quicken(registry.wrap(model, spec, task.target.num_outputs))))
    assert prepared.choice is not None
    encoder = registry.build(prepared.choice, spec, gives=task.card.needs, options=recipe.model.options)
    head = task.head(task, *width(encoder))
    network = Network(encoder, head)
    found = prepared.pretrained
    if found.weights is None:
        return Built(network, tuple(found.notes))
    report = found.weights.into(network)
    if recipe.model.prune:
        inputs = {name: prepared.store.batch(prepared.split.train[:2])[name] for name in task.inputs}
        prune(network, inputs, recipe.model.prune, structured=recipe.model.pruning == "structured")
    return Built(network, tuple(found.notes), report)


def objective_of(prepared: Prepared, loss: Any = None) -> Objective:
    """The learning step's loss: the task's objective with the recipe's penalty around it."""
    task, learning = prepared.task, prepared.recipe.learning
    options = {"loss": loss} if loss is not None else {}
    judge = task.objective(task, learning, counts=class_counts(prepared), **options)
    taught = distilled(judge, task, learning, teacher_of(learning.teacher, task)) if learning.teacher else None

    def objective(net: nn.Module, batch: dict[str, Any], _rng: torch.Generator) -> torch.Tensor:
        # the penalty is on the network that is given: copies are measured and compared too
        if taught is not None:
            return taught(net, batch) + (learning.l1 * l1(net) if learning.l1 else 0.0)
        return penalised(judge, net, learning.l1)(net({name: batch[name] for name in task.inputs}), batch)

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


def order_of(prepared: Prepared, *, shares: int = 1) -> Order:
    """The order of the training examples: bucketed by length where lengths vary, rare classes more often where asked.

    With `shares` the steps are as small as the share of one of so many processes.
    """
    learning = prepared.recipe.learning
    size = -(-min(learning.batch_size, len(prepared.split.train)) // shares)
    counts, weights = class_counts(prepared), None
    if counts is not None and decide(counts, learning.imbalance) == "resample":
        weights = class_weights(counts)[prepared.target_of(prepared.split.train)].astype(np.float64)
    return Order(prepared.split.train, size, seed=learning.seed, lengths=prepared.store.lengths(), weights=weights)


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

    @property
    def plan(self) -> Plan:
        """How the steps are computed."""
        return self.measured.plan


def make_ready(
    prepared: Prepared, *, model: Any = None, loss: Any = None, for_plan: bool = False, ranks: Ranks = ALONE
) -> Ready:
    """Builds and measures everything that the loop needs. Measuring leaves weights and randomness as they were.

    `for_plan` measures the step plan afresh, and the seconds of a step even where no choice depends on them. Of several
    processes (`ranks`) the first measures and decides for all.
    """
    learner, built, optimizer_of = learner_of(prepared, model=model, loss=loss, several=ranks.size > 1)
    require_shareable(prepared.recipe, learner, ranks)
    recipe, learning, epoch = prepared.recipe, prepared.recipe.learning, learner.order.steps_per_epoch
    length = Length(max(1, round(max(learning.epochs, 1) * epoch)), learning.minutes)
    # measured with as many examples in a step as one of the processes computes
    own = replace(learner, order=order_of(prepared, shares=ranks.size)) if ranks.size > 1 else learner
    choices = open_choices(recipe.plan, learner.network, ranks)
    measured = agreed(ranks, lambda: measure(own, choices=choices, optimizer_of=optimizer_of, length=length, afresh=for_plan))
    follow(learner, measured.plan)
    if learning.find_learning_rate:
        rate = ranks.told(lambda: found_rate(learner))
        learner.learning = replace(learning, learning_rate=rate, find_learning_rate=False)
    per_step = ranks.most(0.0 if learning.minutes and measured.remembered else measured.seconds)
    if not per_step and (for_plan or learning.minutes > 0 or recipe.plan.snapshot_steps == 0):
        # all at once, since they may share a processor; the slowest sets the pace
        per_step = ranks.most(seconds_per_step(replace(own, plan=measured.plan), optimizer_of))
    frozen = round(recipe.model.freeze_epochs * epoch) if built.pretrained else 0
    learner.ranks, learner.frozen_steps, whole = ranks, frozen, None
    if ranks.size > 1:
        whole = cast("Network | None", spread(learner, optimizer_of, part_of(sample(learner, 0), 0, 2)))
        per_step = seconds_together(learner) if learning.minutes else per_step
    learner.learning = replace(learner.learning, **length_of(learner, per_step))
    learner.num_steps = max(1, round(learner.learning.epochs * epoch))
    learner.frozen_steps = min(frozen, learner.num_steps // 2)
    if learner.learning.ema:
        learner.ema = EMA(learner.network, learner.learning.ema)
    every = recipe.plan.snapshot_steps or snapshot_steps(per_step, learner.device)
    settled = replace(measured.plan.choices(recipe.plan), snapshot_steps=every, devices=ranks.size)
    recipe = replace(recipe, learning=learner.learning, plan=settled)
    return Ready(learner, recipe, measured, built, optimizer_of, per_step, whole)


# -- one of several processes --------------------------------------------------------------------------------------------
def require_shareable(recipe: Recipe, learner: Learner, ranks: Ranks) -> None:
    """Raises `UsageError` for what several processes cannot do together."""
    if learner.order.batch_size < ranks.size:
        raise UsageError(
            "F-DEVICES-BATCH",
            _("a step has fewer examples than there are processes"),
            expected=_("at least {n}").format(n=ranks.size),
            got=str(learner.order.batch_size),
            fix=f"--set batch_size={ranks.size * 8} | --devices 1",
        )
    plan, learning = recipe.plan, recipe.learning
    if ranks.size > 1 and not ranks.sharded and plan.compile == "yes" and has_batch_norm(learner.network):
        raise UsageError(
            "F-DEVICES-COMPILE",
            _("batch norms whose statistics are those of all processes cannot be part of a compiled network"),
            fix="--set compile=no | --devices 1",
        )
    unable = {
        "optimizer=muon": learning.optimizer == "muon",
        "l1": learning.l1 > 0,
        "compile=yes": plan.compile == "yes",
        "memory_format=channels-last": plan.memory_format == "channels-last",
    }
    for name in (name for name, asked in unable.items() if ranks.sharded and asked):
        raise UsageError(
            "F-FSDP-WITH",
            _("weights that are divided among processes do not go together with {name}").format(name=name),
            fix="--set parallel=ddp",
        )


def open_choices(choices: PlanChoices, network: nn.Module, ranks: Ranks) -> PlanChoices:
    """What the step plan may still decide. The cores were divided among the processes when they were started."""
    if ranks.size == 1:
        return choices
    choices = replace(choices, threads=choices.threads or torch.get_num_threads())
    # statistics that are summed over processes are not a part of one compiled graph
    if ranks.sharded or has_batch_norm(network):
        choices = replace(choices, compile="no")
    return replace(choices, memory_format="contiguous") if ranks.sharded else choices


def agreed(ranks: Ranks, work: Callable[[], Measured]) -> Measured:
    """The step plan that the first process measured, in all; the others have no figures."""
    found: list[Measured] = []

    def plan() -> dict[str, Any]:
        found.append(work())
        return asdict(found[0].plan)

    told = ranks.told(plan)
    return found[0] if found else Measured(Plan(**told))


def learner_of(
    prepared: Prepared, *, model: Any = None, loss: Any = None, several: bool = False
) -> tuple[Learner, Built, OptimizerOf]:
    """A learner with the framework's own plan, its network's origin, and what makes its kind of optimiser for a network."""
    learning, device = prepared.recipe.learning, pick_device(prepared.recipe.plan.device, several=several)
    built = build_network(prepared, model)
    network = built.network.to(device)
    layer_decay = prepared.recipe.model.layer_decay if built.pretrained else 1.0

    def optimizer_of(network: nn.Module) -> torch.optim.Optimizer:
        return optimisers.build(learning, optimisers.parameter_groups(network, learning, layer_decay=layer_decay))

    learner = Learner(
        network=network,
        objective=objective_of(prepared, loss),
        optimizer=optimizer_of(network),
        learning=learning,
        store=prepared.store if device.type == "cpu" else prepared.store.resident(device),
        order=order_of(prepared),
        plan=Plan(device=device.type),
        num_steps=1,
        seed=learning.seed,
        device=device,
        vary=mixing_of(prepared),
    )
    return learner, built, optimizer_of


def follow(learner: Learner, plan: Plan) -> None:
    """Puts the plan into force."""
    learner.plan = plan
    plan.prepared(learner.network)
    learner.called = plan.calling(learner.network)
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


def seconds_per_step(learner: Learner, optimizer_of: OptimizerOf) -> float:
    """The time of one training step, over a few batches spread through the first epoch (lengths differ).

    0 where it cannot be measured: what is wrong with a step is told by the training that meets it.
    """
    steps = steps_to_time(learner)
    try:
        with apart(learner, optimizer_of) as trial:
            trial.seconds(learner.plan, steps[0])
            return sum(trial.seconds(learner.plan, step) for step in steps) / len(steps)
    except (NotFinite, NotMeasured):
        return 0.0


def seconds_together(learner: Learner) -> float:
    """The time of a step that several processes take together, their sums included. Afterwards the learner is as it was."""
    warm, count = 2, 8
    kept, steps = copied(state_of(learner)), learner.num_steps
    learner.rate_scale, learner.num_steps = 0.0, warm + count
    seconds = 0.0
    try:
        for progress in train(learner):
            learner.ranks.any(False, False)  # as after every step of a training
            if progress.step == warm:
                started = time.perf_counter()
        seconds = (time.perf_counter() - started) / count
    except NotFinite:  # the training meets it too, and tells it
        pass
    finally:
        put_back(learner, kept)
        learner.num_steps = steps
    return learner.ranks.most(seconds)


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
    if per_step <= 0:
        raise UsageError(
            "F-MINUTES-UNMEASURED",
            _("how long a step takes could not be measured, so the number of steps cannot be worked out from minutes"),
            fix="--set epochs=…",
        )
    steps = learning.minutes * 60 * 0.9 / per_step  # a tenth is left for validation and evaluation
    return {"epochs": round(max(1 / learner.order.steps_per_epoch, steps / learner.order.steps_per_epoch), 4), "minutes": 0.0}


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


def num_parameters(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())

"""What a training learns with, from prepared data: the network with its first weights, objective, optimiser, order of rows."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from torch import nn

from fukami.compress.pruning import prune
from fukami.compress.teacher import teacher_of
from fukami.core.errors import UsageError
from fukami.core.language import _
from fukami.core.seeds import derive
from fukami.data.batches import Order
from fukami.data.source import Source
from fukami.data.store import Store
from fukami.engine import optimisers
from fukami.engine.learner import Learner, Vary
from fukami.engine.plan import Plan
from fukami.engine.trial import OptimizerOf
from fukami.fields.scored import Scored, scored
from fukami.layers.dropout import quicken
from fukami.models import registry
from fukami.models.contract import Network
from fukami.objectives.contract import Objective, Turns
from fukami.objectives.distillation import distilled
from fukami.objectives.imbalance import decide, row_weights
from fukami.objectives.mixing import mix
from fukami.objectives.penalty import penalised
from fukami.training.device import pick_device
from fukami.training.prepare import Prepared


@dataclass(frozen=True)
class Built:
    """A network with its first weights, and what is to be said about them."""

    network: Network
    notes: tuple[str, ...] = ()
    pretrained: dict[str, Any] | None = None


def learner_of(
    prepared: Prepared, *, model: Any = None, loss: Any = None, several: bool = False
) -> tuple[Learner, Built, OptimizerOf]:
    """A learner with the framework's own plan, its network's origin, and what makes its kind of optimiser for a network."""
    learning, device = prepared.recipe.learning, pick_device(prepared.recipe.plan.device, several=several)
    built = build_network(prepared, model)
    network = built.network.to(device)
    require_weights(network)
    layer_decay = prepared.recipe.model.layer_decay if built.pretrained else 1.0

    def optimizer_of(network: nn.Module) -> torch.optim.Optimizer:
        return optimisers.build(learning, optimisers.parameter_groups(network, learning, layer_decay=layer_decay))

    learner = Learner(
        network=network,
        objective=objective_of(prepared, network, loss),
        optimizer=optimizer_of(network),
        learning=learning,
        store=store_of(prepared, device),
        order=order_of(prepared),
        plan=Plan(device=device.type),
        num_steps=1,
        seed=learning.seed,
        device=device,
        vary=mixing_of(prepared),
    )
    return learner, built, optimizer_of


def store_of(prepared: Prepared, device: torch.device) -> Store | Source:
    """Where a training takes its examples from: what was prepared, or what the task makes of it as the network learns."""
    task, store = prepared.task, prepared.store
    if task.source is not None:
        return task.source(task, store, prepared.split.train, prepared.recipe.learning.seed)
    return store if device.type == "cpu" else store.resident(device)


def require_module(model: Any) -> None:
    """Raises `UsageError` F-MODULE-KIND where the caller's own model is no module (a class, a function)."""
    if model is None or isinstance(model, nn.Module):
        return
    is_class = isinstance(model, type)
    raise UsageError(
        "F-MODULE-KIND",
        _("the model is neither a name nor a module"),
        expected=_("an instance of torch.nn.Module"),
        got=_("the class {name}").format(name=model.__name__) if is_class else type(model).__name__,
        fix=f"model={model.__name__}(…)" if is_class else "",
    )


def require_weights(network: nn.Module) -> None:
    """Raises `UsageError` F-MODULE-WEIGHTS where a network has no weight that could be learned."""
    if not any(p.requires_grad for p in network.parameters()):
        raise UsageError(
            "F-MODULE-WEIGHTS",
            _("the network has no weights that could be learned"),
            expected=_("at least one parameter with requires_grad"),
        )


def build_network(prepared: Prepared, model: Any = None) -> Built:
    """The network of the recipe, its first weights drawn from the seed or taken from a pretrained checkpoint."""
    task, recipe = prepared.task, prepared.recipe
    torch.manual_seed(derive(recipe.learning.seed, "weights"))
    if model is not None:
        num_outputs = scored(task.target, _("a module of your own")).num_outputs
        return Built(cast("Network", quicken(registry.wrap(model, task.spec(task), num_outputs))))
    assert prepared.choice is not None
    network = task.network(prepared.choice, options=recipe.model.options)
    found = prepared.pretrained
    if found.weights is None:
        return Built(network, tuple(found.notes))
    report = found.weights.into(network)
    if recipe.model.prune:
        inputs = {name: prepared.store.batch(prepared.split.train[:2])[name] for name in task.inputs}
        prune(network, inputs, recipe.model.prune, structured=recipe.model.pruning == "structured")
    return Built(network, tuple(found.notes), report)


def objective_of(prepared: Prepared, network: Network, loss: Any = None) -> Objective | Turns:
    """What a learning step minimises: the task's objective, with a teacher and the recipe's penalty around it."""
    task, learning = prepared.task, prepared.recipe.learning
    if learning.class_weights and (loss is not None or learning.imbalance == "weights"):
        other = "loss" if loss is not None else "imbalance=weights"
        raise UsageError(
            "F-OPTION-TOGETHER",
            _("{one} and {other} cannot be given together").format(one="class_weights", other=other),
            expected=f"class_weights | {other}",
        )
    objective = task.objective(task, learning, loss=None if loss is None else answering(loss), network=network)
    if learning.teacher:
        if isinstance(objective, Turns):
            raise UsageError("F-DISTILL-TURNS", _("players that learn in turn cannot have a teacher"), where=task.name)
        target = scored(task.target, _("learning from a teacher"))
        objective = distilled(objective, target, learning, teacher_of(learning.teacher, task))
    return penalised(objective, learning.l1)


def answering(loss: Callable[..., Any]) -> Callable[..., torch.Tensor]:
    """The caller's own loss, which raises `UsageError` F-LOSS-ANSWER where its answer is no tensor of real numbers."""

    def asked(*given: Any) -> torch.Tensor:
        found = loss(*given)
        if isinstance(found, torch.Tensor) and found.is_floating_point():
            return found
        raise UsageError(
            "F-LOSS-ANSWER",
            _("the loss function does not answer with a tensor of real numbers"),
            expected=_("a tensor of one number, or of one number for each example"),
            got=str(found.dtype) if isinstance(found, torch.Tensor) else type(found).__name__,
        )

    return asked


def mixing_of(prepared: Prepared) -> Vary | None:
    """What blends the examples of a whole batch, where the recipe asks for it."""
    task, learning = prepared.task, prepared.recipe.learning
    if not (learning.mixup or learning.cutmix):
        return None
    return lambda batch, rng: mix(batch, task, learning, rng)


def class_counts(prepared: Prepared) -> np.ndarray | None:
    """Training examples of each class, where the target is one of classes."""
    target = prepared.task.target
    counts = target.facts().get("class_counts") if isinstance(target, Scored) else None
    return None if counts is None else np.asarray(counts)


def order_of(prepared: Prepared, *, shares: int = 1) -> Order:
    """The order of the training examples: bucketed by length where lengths vary, rare classes more often where asked.

    With `shares` the steps are as small as the share of one of so many processes.
    """
    learning = prepared.recipe.learning
    size = -(-min(learning.batch_size, len(prepared.split.train)) // shares)
    counts, weights = class_counts(prepared), None
    if counts is not None and decide(counts, learning.imbalance) == "resample":
        weights = row_weights(counts, prepared.rarest(prepared.split.train))
    return Order(prepared.split.train, size, seed=learning.seed, lengths=prepared.store.lengths(), weights=weights)


def num_parameters(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())

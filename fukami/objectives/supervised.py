"""Supervised learning: ask the network once, and compare its outputs with the target by the loss that the recipe names."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from fukami.core.cards import card, cards, load, suits
from fukami.core.errors import UsageError
from fukami.core.language import _
from fukami.core.lazily import nn, torch
from fukami.core.recipe import LearningChoices
from fukami.fields import batch as trees
from fukami.objectives.contract import Batch, Loss, Objective, Outcome, Signature
from fukami.objectives.imbalance import class_weights, decide, given_weights
from fukami.objectives.mixing import mixed

if TYPE_CHECKING:
    from fukami.fields.contract import TargetField


def fitting(target: TargetField) -> list[str]:
    """The names of the losses that fit a target field, its default first."""
    offered = list(target.losses)
    return offered + [name for name, c in cards("objectives").items() if suits(c, target.kind) and name not in offered]


def loss_name(target: TargetField, learning: LearningChoices) -> str:
    """The loss that `learning.loss` means for this target; `UsageError` where it does not fit.

    `auto` is the first that the field offers.
    """
    fits = fitting(target)
    if learning.loss == "auto":
        return fits[0]
    if not suits(card("objectives", learning.loss), target.kind):
        raise UsageError(
            "F-LOSS-FIT",
            _("the loss {loss} does not fit the target {target}").format(loss=learning.loss, target=target.name),
            expected=_("one of {names}").format(names=", ".join(fits)),
            got=learning.loss,
            fix=f"--set loss={fits[0]}",
        )
    return learning.loss


def supervised(
    task: Signature, learning: LearningChoices, *, loss: Loss | None = None, network: nn.Module | None = None
) -> Objective:
    """Ask the network once; the loss says how far its outputs are from the target.

    Of several targets each has its own loss, and outputs that stand under its name; the losses are added up.

    Args:
        task: what is learned; where a target counts classes, their weights follow from the recipe's `imbalance`.
        learning: names the loss of the first target; others have their own default.
        loss: the caller's own, instead of the one that the recipe names; it may return a number or one number per row.

    Raises:
        UsageError: F-LOSS-FIT, F-LOSS-NAME.
    """
    target, inputs = task.target, tuple(task.inputs)
    loss_of = mixed(_paired(target, loss or named_loss(target, learning)))
    others = {
        name: mixed(_paired(one, named_loss(one, replace(learning, loss="auto", class_weights={}))))
        for name, one in task.targets.items()
        if one is not target
    }

    def objective(network: nn.Module, batch: Batch, _rng: torch.Generator) -> Outcome:
        outputs, features = network({name: batch[name] for name in inputs}, features=True)
        # the loss is computed in float32 even under autocast: a bfloat16 logarithm has three digits
        wide = trees.mapped(outputs, _wide)
        if not others:
            return Outcome(loss_of(wide, batch[target.name]), outputs, features)
        told = {name: one(wide[name], batch[name]) for name, one in others.items() if name in batch}
        told = {target.name: loss_of(wide[target.name], batch[target.name]), **told}
        return Outcome(_added(list(told.values())), outputs, features, told)

    return objective


def _added(losses: list[torch.Tensor]) -> torch.Tensor:
    """Losses of each example together; as one number where one of them is."""
    if any(loss.ndim == 0 for loss in losses) or len({len(loss) for loss in losses}) > 1:
        losses = [loss.mean() for loss in losses]
    return torch.stack([loss if loss.ndim == 0 else loss.reshape(len(loss), -1).mean(1) for loss in losses]).sum(0)


def _paired(target: TargetField, loss: Loss) -> Loss:
    return lambda outputs, targets: loss(*target.paired(outputs, targets))


def named_loss(target: TargetField, learning: LearningChoices) -> Loss:
    """The loss that the recipe means for this target, with the class weights that its counts ask for."""
    weights, counts = None, target.facts().get("class_counts")
    if learning.class_weights:
        weights = torch.from_numpy(given_weights(target.state.get("classes", ()), learning.class_weights))
    elif counts is not None and decide(np.asarray(counts), learning.imbalance) == "weights":
        weights = torch.from_numpy(class_weights(np.asarray(counts)))
    return load("objectives", loss_name(target, learning)).build(learning, class_weights=weights)


def _wide(outputs: torch.Tensor) -> torch.Tensor:
    return outputs.float() if outputs.dtype in (torch.float16, torch.bfloat16) else outputs

"""Supervised learning: ask the network once, and compare its outputs with the target by the loss that the recipe names.

B batch, M members (trained apart, so their losses are averaged, never their outputs), K outputs of the head.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from fukami.core.cards import card, cards, load
from fukami.core.errors import UsageError
from fukami.core.language import _
from fukami.core.recipe import LearningChoices
from fukami.objectives.contract import Batch, Judge, Loss, Objective
from fukami.objectives.distillation import Teacher, distilled
from fukami.objectives.imbalance import class_weights, decide
from fukami.objectives.mixing import mixed

if TYPE_CHECKING:
    from fukami.fields.contract import TargetField
    from fukami.tasks.contract import Task


def fitting(target: TargetField) -> list[str]:
    """The names of the losses that fit a target field, its default first."""
    offered = list(target.losses)
    return offered + [name for name, c in cards("objectives").items() if target.kind in c.of and name not in offered]


def loss_name(target: TargetField, learning: LearningChoices) -> str:
    """The loss that `learning.loss` means for this target; `UsageError` where it does not fit.

    `auto` is the first that the field offers.
    """
    fits = fitting(target)
    if learning.loss == "auto":
        return fits[0]
    if target.kind not in card("objectives", learning.loss).of:
        raise UsageError(
            "F-LOSS-FIT",
            _("the loss {loss} does not fit the target {target}").format(loss=learning.loss, target=target.name),
            expected=_("one of {names}").format(names=", ".join(fits)),
            got=learning.loss,
            fix=f"--set loss={fits[0]}",
        )
    return learning.loss


def supervised(
    task: Task,
    learning: LearningChoices,
    *,
    counts: np.ndarray | None = None,
    loss: Loss | None = None,
    teacher: Teacher | None = None,
) -> Objective:
    """The objective of a task with one target: how far the outputs are from it, and from the teacher's where there is one.

    Args:
        counts: (K) training examples of each class, from which class weights are taken where the recipe asks for them
            (`imbalance`).
        loss: the caller's own, instead of the one that the recipe names; it may return a number or one number per row.
        teacher: what a student learns from besides the targets.

    Raises:
        UsageError: F-LOSS-FIT, F-LOSS-NAME.
    """
    judge = judge_of(task, learning, counts=counts, loss=loss)
    if teacher is not None:
        return distilled(judge, task, learning, teacher)

    def objective(network: nn.Module, batch: Batch, _rng: torch.Generator) -> torch.Tensor:
        return judge(network({name: batch[name] for name in task.inputs}), batch)

    return objective


def judge_of(task: Task, learning: LearningChoices, *, counts: np.ndarray | None = None, loss: Loss | None = None) -> Judge:
    """The mean of the loss over members and examples. The target may be `Mixed` (mixup, cutmix)."""
    name = task.target.name
    loss_of = loss or _named(task.target, learning, counts)

    def judge(outputs_BMK: torch.Tensor, batch: Batch) -> torch.Tensor:
        num_members = outputs_BMK.shape[1]
        target = batch[name]
        rows = target if num_members == 1 else target.repeat_interleave(num_members, dim=0)
        # the loss is computed in float32 even under autocast: a bfloat16 logarithm has three digits
        outputs_NK = outputs_BMK.flatten(0, 1)
        return loss_of(outputs_NK.float() if outputs_NK.dtype in _HALF else outputs_NK, rows).mean()

    return mixed(judge, name)


def _named(target: TargetField, learning: LearningChoices, counts: np.ndarray | None) -> Loss:
    weights = None
    if counts is not None and decide(counts, learning.imbalance) == "weights":
        weights = torch.from_numpy(class_weights(counts))
    return load("objectives", loss_name(target, learning)).build(learning, class_weights=weights)


_HALF = (torch.float16, torch.bfloat16)

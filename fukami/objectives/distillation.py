"""Distillation (Hinton et al. 2015): a student learns from what a teacher answers, besides the labels.

    loss = (1 - w) * loss(student, labels) + w * answers + v * features

`answers` compares raw outputs, by the kind of the target: the divergence of softened probabilities, times T², for one class;
the same for every label by itself where there are several; the squared difference for a number. `features` compares how alike
the examples of a batch are to each other for student and teacher (Tung and Mori 2019), which needs no common width, so the two
may be of different families. What differs: similarities are cosines, and members of an ensemble are averaged before.

Shapes: B batch, M members, K outputs, D features.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn import functional as F

from fukami.core.errors import UsageError
from fukami.core.language import _
from fukami.core.recipe import LearningChoices

if TYPE_CHECKING:
    from fukami.fields.contract import Field
    from fukami.tasks.contract import Task

Teacher = Callable[[dict[str, Any]], "tuple[torch.Tensor, torch.Tensor | None]"]
"""`{input name: batch}` → raw outputs `(B, M, K)` and the encoder's features, or None where it has none to show."""


def distilled(
    judge: Callable[[torch.Tensor, dict[str, Any]], torch.Tensor], task: Task, learning: LearningChoices, teacher: Teacher
) -> Callable[[nn.Module, dict[str, Any]], torch.Tensor]:
    """The loss `(network, batch) -> loss` of a student.

    Args:
        judge: the loss of raw outputs and a batch with its labels.
        task: names the inputs and the target.
        learning: `distill_weight` (w), `distill_features` (v), `distill_temperature` (T).
        teacher: what the student learns from; its tensors take no gradient.
    """
    answers = answers_of(task.target, learning.distill_temperature)
    weight, share = learning.distill_weight, learning.distill_features

    def objective(network: nn.Module, batch: dict[str, Any]) -> torch.Tensor:
        inputs = {name: batch[name] for name in task.inputs}
        with torch.no_grad():
            taught_BMK, shown = teacher(inputs)
        outputs_BMK, features = network(inputs, features=True)
        loss = (1 - weight) * judge(outputs_BMK, batch) + weight * answers(outputs_BMK.float(), taught_BMK.float())
        if share and shown is not None and len(shown) > 1:
            loss = loss + share * similarity_loss(features.float(), shown.float())
        return loss

    return objective


def answers_of(target: Field, temperature: float) -> Callable[[torch.Tensor, torch.Tensor], torch.Tensor]:
    """The comparison of raw outputs that suits a target's kind. Raises `UsageError` where there is none."""
    found = _ANSWERS.get(target.kind)
    if found is None:
        raise UsageError(
            "F-DISTILL-KIND",
            _("answers of this kind cannot be distilled yet"),
            expected=_("one of {names}").format(names=", ".join(_ANSWERS)),
            got=target.kind,
        )
    return lambda outputs_BMK, taught_BMK: found(outputs_BMK, taught_BMK.mean(1, keepdim=True), temperature)


def _one_class(outputs_BMK: torch.Tensor, taught_B1K: torch.Tensor, temperature: float) -> torch.Tensor:
    own = (outputs_BMK / temperature).log_softmax(-1)
    taught = (taught_B1K / temperature).log_softmax(-1).expand_as(own)
    return temperature**2 * (taught.exp() * (taught - own)).sum(-1).mean()


def _several_labels(outputs_BMK: torch.Tensor, taught_B1K: torch.Tensor, temperature: float) -> torch.Tensor:
    taught = (taught_B1K / temperature).sigmoid().expand_as(outputs_BMK)
    return temperature**2 * F.binary_cross_entropy_with_logits(outputs_BMK / temperature, taught)


def _number(outputs_BMK: torch.Tensor, taught_B1K: torch.Tensor, temperature: float) -> torch.Tensor:
    return (outputs_BMK - taught_B1K).square().mean()


_ANSWERS = {"category": _one_class, "categories": _several_labels, "number": _number}


def similarity_loss(own: torch.Tensor, taught: torch.Tensor) -> torch.Tensor:
    """Mean squared difference of the cosines between all pairs of examples; features have B as their first axis.

    >>> features = torch.tensor([[1.0, 0.0], [0.0, 2.0]])
    >>> round(similarity_loss(features, 3 * features.repeat(1, 4)).item(), 6)
    0.0
    """
    return (_cosines(own) - _cosines(taught)).square().mean()


def _cosines(features: torch.Tensor) -> torch.Tensor:
    rows = F.normalize(features.flatten(1), dim=1)
    return rows @ rows.T

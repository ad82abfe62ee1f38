"""Distillation (Hinton et al. 2015): a student learns from what a teacher answers, besides the labels.

    loss = (1 - w) * loss(student, labels) + w * answers + v * features

`answers` compares raw outputs as the target does (`TargetField.taught`): by the divergence of softened probabilities for one
class, say, by the squared difference for a number. `features` compares how alike the examples of a batch are to each other for
student and teacher (Tung and Mori 2019), which needs no common width, so the two may be of different families. What differs:
similarities are cosines, and members of an ensemble are averaged before.

Shapes: B batch, M members, K outputs, D features.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional as F

from fukami.core.recipe import LearningChoices
from fukami.objectives.contract import Batch, Judge, Objective

if TYPE_CHECKING:
    from fukami.tasks.contract import Task

Teacher = Callable[[Batch], "tuple[torch.Tensor, torch.Tensor | None]"]
"""`{input name: batch}` → raw outputs `(B, M, K)` and the encoder's features, or None where it has none to show."""


def distilled(judge: Judge, task: Task, learning: LearningChoices, teacher: Teacher) -> Objective:
    """The objective of a student.

    Args:
        judge: the loss of raw outputs and a batch with its labels.
        task: names the inputs and the target.
        learning: `distill_weight` (w), `distill_features` (v), `distill_temperature` (T).
        teacher: what the student learns from; its tensors take no gradient.
    """
    target, temperature = task.target, learning.distill_temperature
    weight, share = learning.distill_weight, learning.distill_features

    def objective(network: nn.Module, batch: Batch, _rng: torch.Generator) -> torch.Tensor:
        inputs = {name: batch[name] for name in task.inputs}
        with torch.no_grad():
            taught_BMK, shown = teacher(inputs)
        outputs_BMK, features = network(inputs, features=True)
        answers = target.taught(outputs_BMK.float(), taught_BMK.float().mean(1, keepdim=True), temperature)
        loss = (1 - weight) * judge(outputs_BMK, batch) + weight * answers
        if share and shown is not None and features is not None and len(shown) > 1:
            loss = loss + share * similarity_loss(features.float(), shown.float())
        return loss

    return objective


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

"""Distillation (Hinton et al. 2015): a student learns from what a teacher answers, besides the labels.

    loss = (1 - w) * loss(student, labels) + w * answers + v * features

`answers` compares raw outputs as the target does (`Scored.taught`): by the divergence of softened probabilities for one
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
from fukami.objectives.contract import Batch, Objective, Outcome

if TYPE_CHECKING:
    from fukami.fields.scored import Scored

Teacher = Callable[[Batch], "tuple[torch.Tensor, torch.Tensor | None]"]
"""A batch → raw outputs `(B, M, K)` and the encoder's features, or None where it has none to show."""


def distilled(objective: Objective, target: Scored, learning: LearningChoices, teacher: Teacher) -> Objective:
    """The objective of a student.

    Args:
        objective: what it learns from the labels; its outcome shows outputs and features.
        target: compares outputs.
        learning: `distill_weight` (w), `distill_features` (v), `distill_temperature` (T).
        teacher: what the student learns from; its tensors take no gradient.
    """
    weight, share, temperature = learning.distill_weight, learning.distill_features, learning.distill_temperature

    def of(network: nn.Module, batch: Batch, rng: torch.Generator) -> Outcome:
        with torch.no_grad():
            taught_BMK, shown = teacher(batch)
        found = objective(network, batch, rng)
        own = found.outputs[target.name] if isinstance(found.outputs, dict) else found.outputs
        answers = target.taught(own.float(), taught_BMK.float().mean(1, keepdim=True), temperature)
        loss = (1 - weight) * found.loss.mean() + weight * answers
        if share and shown is not None and found.features is not None and len(shown) > 1:
            loss = loss + share * similarity_loss(found.features.float(), shown.float())
        return found._replace(loss=loss)

    return of


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

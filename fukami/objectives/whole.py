"""Whole models learn by their own losses: detectors, writers, generators. What a model says of each example is added up.

Where a model consists of players, each learns in its turn, and by its own losses.
"""

from __future__ import annotations

from functools import partial

from fukami.core.errors import UsageError
from fukami.core.language import _
from fukami.core.lazily import nn, torch
from fukami.core.recipe import LearningChoices
from fukami.objectives.contract import Batch, Loss, Objective, Outcome, Signature, Turns


def whole(
    task: Signature, learning: LearningChoices, *, loss: Loss | None = None, network: nn.Module | None = None
) -> Objective | Turns:
    """The objective of a task whose models know their losses (`models.contract.Whole`).

    Args:
        task: names inputs and targets.
        learning: nothing of it is asked; weights of classes are refused.
        loss: refused: there are no outputs that it could be given.
        network: what will learn; it says whether it consists of players.

    Raises:
        UsageError: F-LOSS-WHOLE, F-CLASS-WEIGHTS. The objective raises F-LOSS-HIDDEN where the network holds no model that
            could be asked.
    """
    if loss is not None:
        raise UsageError("F-LOSS-WHOLE", _("models of this task have losses of their own, so another cannot be given"))
    if learning.class_weights:
        raise UsageError("F-CLASS-WEIGHTS", _("models of this task have losses of their own, which weigh no classes"))
    players = getattr(getattr(network, "encoder", None), "players", ())
    if players:
        return Turns({f"encoder.{player}": partial(_asked, task, player) for player in players})
    return partial(_asked, task, "")


def _asked(task: Signature, player: str, network: nn.Module, batch: Batch, rng: torch.Generator) -> Outcome:
    model: object = getattr(network, "encoder", None)
    if model is None:
        raise UsageError(
            "F-LOSS-HIDDEN",
            _("this run answers through a file, which does not say how likely an answer is"),
            expected=_("a run that holds its model"),
            fix=_("ask the run that it was made of"),
        )
    inputs, targets = ({name: batch[name] for name in names if name in batch} for names in (task.inputs, task.targets))
    parts = model.losses(inputs, targets, rng, *filter(None, [player]))  # type: ignore[attr-defined]
    total = sum(parts.values())
    assert isinstance(total, torch.Tensor)
    return Outcome(total, told=parts if len(parts) > 1 else {})

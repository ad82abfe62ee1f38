"""A run as a teacher: what it answers to a student's batches, and what its encoder sees in them."""

from pathlib import Path
from typing import Any

import torch

from fukami.core import artefact
from fukami.core.errors import UsageError
from fukami.core.language import _
from fukami.fields import batch as trees
from fukami.fields.contract import Field, TargetField
from fukami.fields.scored import scored
from fukami.models.contract import Network
from fukami.objectives.distillation import Teacher
from fukami.predictor import restored
from fukami.tasks.contract import Task


def teacher_of(place: str, task: Task) -> Teacher:
    """The run in the folder `place` as a teacher of students of `task`.

    Raises:
        RunError: there is no run. UsageError: F-DISTILL-FIELDS where it reads its inputs differently, or names its answers
            differently, than the student does; F-TARGET-SCORED where its answers cannot be learned from.
    """
    scored(task.target, _("learning from a teacher"))
    path = Path(place)
    predictor = restored(path, artefact.read_run(path))
    require_same_fields(predictor.task, task, place)
    network: Any = predictor.network.eval().requires_grad_(False)
    shows = isinstance(network, Network)

    def teacher(batch: dict[str, Any]) -> tuple[torch.Tensor, torch.Tensor | None]:
        inputs = {name: batch[name] for name in task.inputs}
        device = next(iter(trees.named(inputs).values())).device
        if shows and next(network.parameters()).device != device:
            network.to(device)
        outputs, features = network(inputs, features=True) if shows else (network(inputs), None)
        return task.judged(outputs), features

    return teacher


def learned(field: Field) -> dict[str, Any]:
    """What a field learned from training examples; what a target learned from validation answers is the network's own."""
    return (field.unsettled() if isinstance(field, TargetField) else field).state


def require_same_fields(own: Task, other: Task, place: str) -> None:
    """Raises `UsageError` where two tasks' fields have learned different things."""
    for name, field in other.fields.items():
        known = own.fields.get(name)
        if known is None or known.kind != field.kind or learned(known) != learned(field):
            raise UsageError(
                "F-DISTILL-FIELDS",
                _("the teacher reads or names something differently than the student"),
                where=place,
                expected=_("{name} as the teacher has it: the same data and options").format(name=name),
                fix=_("fukami compress RUN --distill MODEL gives the student the teacher's options"),
            )

"""The plain composition: encode, one linear head, a supervised loss on one target. Most tasks are this over other fields."""

from __future__ import annotations

from typing import Any

from fukami.core.cards import TaskCard
from fukami.core.errors import UsageError
from fukami.core.language import _
from fukami.core.lazily import nn
from fukami.fields.contract import InputField, TargetField
from fukami.fields.scored import scored
from fukami.objectives.supervised import supervised
from fukami.objectives.whole import whole
from fukami.tasks.contract import Task, whole_answers


def linear_head(task: Task, num_features: int, members: int) -> nn.Module:
    """features_BD or features_BMD → outputs_BMK, K from the target field. Raises `UsageError` F-TASK-HEAD where the task needs
    features of another kind: their elements would count as members, and padding as elements."""
    if task.card.needs != "vector":
        raise UsageError(
            "F-TASK-HEAD",
            _("a linear head takes one vector for each example"),
            where=task.name,
            expected='needs="vector"',
            got=f"needs={task.card.needs!r}",
        )
    from fukami.layers.heads import LinearHead

    return LinearHead(num_features, scored(task.target, _("a linear head")).num_outputs, members=members)


def predict_one_target(card: TaskCard, inputs: tuple[InputField, ...], target: TargetField) -> Task:
    """A task of `inputs` → one target with the plain composition."""
    return Task(
        card=card,
        inputs={field.name: field for field in inputs},
        targets={target.name: target},
        head=linear_head,
        objective=supervised,
    )


def no_head(task: Task, num_features: int, members: int) -> nn.Module:
    """Whole models give answers, of which nothing is made."""
    return nn.Identity()


def by_whole_models(card: TaskCard, inputs: tuple[InputField, ...], target: TargetField, **more: Any) -> Task:
    """A task of `inputs` → one target whose models go the whole way (`models.contract.Whole`); `more` are members of `Task`."""
    told: dict[str, Any] = {"head": no_head, "objective": whole, "answer": whole_answers} | more
    return Task(card=card, inputs={field.name: field for field in inputs}, targets={target.name: target}, **told)

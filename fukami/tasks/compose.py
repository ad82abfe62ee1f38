"""The plain composition: encode, one linear head, a supervised loss on one target. Most tasks are this over other fields."""

from torch import nn

from fukami.core.cards import TaskCard
from fukami.core.language import _
from fukami.fields.contract import InputField, TargetField
from fukami.fields.scored import scored
from fukami.layers.heads import LinearHead
from fukami.objectives.supervised import supervised
from fukami.tasks.contract import Task


def linear_head(task: Task, num_features: int, members: int) -> nn.Module:
    """features_BD or features_BMD → outputs_BMK, K from the target field."""
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

"""A row in, a class and a number out: the class is judged and answered, the number helps to learn it."""

from torch import nn

from fukami.core.cards import TaskCard
from fukami.fields.category.field import Category
from fukami.fields.number.field import Number
from fukami.fields.row.field import Row
from fukami.layers.heads import LinearHead
from fukami.objectives.supervised import supervised
from fukami.tasks.contract import Task

CARD = TaskCard(
    name="two-targets",
    summary="a row in, a class and a number out",
    inputs=("row",),
    targets=("category", "number"),
    needs="vector",
    headline="accuracy",
    baselines=("majority", "linear"),
    recipe="two_targets/usual",
)


class Heads(nn.ModuleDict):
    """features → the raw outputs of each target, by its name."""

    def forward(self, features):
        return {name: head(features) for name, head in self.items()}


def heads(task, num_features, members):
    return Heads({name: LinearHead(num_features, one.num_outputs, members=members) for name, one in task.targets.items()})


def contract():
    targets = {"label": Category(name="label"), "value": Number(name="value")}
    return Task(CARD, {"row": Row(name="row")}, targets, head=heads, objective=supervised)

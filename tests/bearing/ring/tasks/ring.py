"""The nodes of one graph in, their classes out: examples lie in one whole, which they share."""

from fukami.core.cards import TaskCard
from fukami.fields.category.field import Category
from fukami.fields.node.field import Node
from fukami.tasks.compose import predict_one_target

CARD = TaskCard(
    name="ring",
    summary="the nodes of a graph in, their classes out",
    inputs=("node",),
    targets=("category",),
    needs="vector",
    headline="accuracy",
    baselines=("majority",),
    recipe="ring/usual",
)


def contract():
    return predict_one_target(CARD, (Node(name="node"),), Category(name="label"))

"""The nodes of one graph in, their classes out: examples lie in one whole, which they share."""

from dataclasses import replace

from fukami.core.cards import TaskCard
from fukami.fields import cells
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
    task = predict_one_target(CARD, (Node(name="node"),), Category(name="label"))
    return replace(task, examples=in_their_graph, questions=in_their_graph)


def in_their_graph(task, table, columns, choices):
    """Each node with the whole that it lies in, however few of its nodes are looked at later."""
    (column,) = columns["node"]
    return table, {**columns, "node": [replace(column, told={"graph": cells.strings(column)})]}

"""A row in, how odd it is out: learned from rows that are normal, or of which nobody knows."""

from fukami.core.cards import TaskCard
from fukami.fields.odd.field import Odd
from fukami.fields.row.field import Row
from fukami.tasks.compose import by_whole_models

CARD = TaskCard(
    name="normal-only",
    summary="a row in, how odd it is out",
    inputs=("row",),
    targets=("odd",),
    optional=("odd",),
    needs="odd",
    headline="odd-found",
    recipe="normal_only/usual",
)


def contract():
    return by_whole_models(CARD, (Row(name="row"),), Odd(name="odd"))

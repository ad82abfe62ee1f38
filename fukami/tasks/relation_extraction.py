"""A text with two marked spans in, the relation between them out.

Use it to find who works where, what causes what, which drug acts on which protein, once names are found.
"""

from fukami.core.cards import TaskCard
from fukami.fields.category.field import Category
from fukami.fields.marked.field import Marked
from fukami.tasks.compose import predict_one_target
from fukami.tasks.contract import Task

CARD = TaskCard(
    name="relation-extraction",
    summary="a text with two marked spans in, the relation between them out",
    inputs=("marked",),
    targets=("category",),
    needs="vector",
    headline="relation_f1",
    also=("accuracy", "f1_macro", "precision_macro", "recall_macro", "log_loss", "calibration_error"),
    baselines=("majority", "linear"),
    recipe="relations/extraction",
)


def contract() -> Task:
    """The task over fields that have learned nothing yet."""
    return predict_one_target(CARD, (Marked(name="text"),), Category(name="relation"))

"""A row of a table in, one class and its probability out.

Numbers, categories, dates and missing values may stand side by side; every column but the target is an input.
"""

from fukami.core.cards import TaskCard
from fukami.fields.category.field import Category
from fukami.fields.row.field import Row
from fukami.tasks.compose import predict_one_target
from fukami.tasks.contract import Task

CARD = TaskCard(
    name="tabular-classification",
    summary="a row of a table in, one class and its probability out",
    inputs=("row",),
    targets=("category",),
    needs="vector",
    headline="roc_auc",
    also=(
        "accuracy",
        "balanced_accuracy",
        "precision_macro",
        "recall_macro",
        "f1_macro",
        "pr_auc",
        "log_loss",
        "top5_accuracy",
        "calibration_error",
    ),
    baselines=("majority", "linear", "boosting"),
    recipe="tabular/classification",
)


def contract() -> Task:
    """The task over fields that have learned nothing yet."""
    return predict_one_target(CARD, (Row(name="row"),), Category(name="label"))

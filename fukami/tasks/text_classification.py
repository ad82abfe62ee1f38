"""A text in, one class and its probability out.

Use it for reviews, messages, tickets, headlines: each text has exactly one right answer.
"""

from fukami.core.cards import TaskCard
from fukami.fields.category.field import Category
from fukami.fields.text.field import Text
from fukami.tasks.compose import predict_one_target
from fukami.tasks.contract import Task

CARD = TaskCard(
    name="text-classification",
    summary="a text in, one class and its probability out",
    inputs=("text",),
    targets=("category",),
    needs="vector",
    headline="accuracy",
    also=(
        "balanced_accuracy",
        "precision_macro",
        "recall_macro",
        "f1_macro",
        "roc_auc",
        "pr_auc",
        "log_loss",
        "top5_accuracy",
        "calibration_error",
    ),
    baselines=("majority", "linear"),
    recipe="texts/classification",
)


def contract() -> Task:
    """The task over fields that have learned nothing yet."""
    return predict_one_target(CARD, (Text(name="text"),), Category(name="label"))

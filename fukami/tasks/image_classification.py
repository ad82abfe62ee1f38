"""One picture in, one class and its probability out.

Use it where each picture has exactly one right answer. Data: a folder per class, a table with a path and a label, arrays.
"""

from fukami.core.cards import TaskCard
from fukami.fields.category.field import Category
from fukami.fields.image.field import Image
from fukami.tasks.compose import predict_one_target
from fukami.tasks.contract import Task

CARD = TaskCard(
    name="image-classification",
    summary="one picture in, one class and its probability out",
    inputs=("image",),
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
    recipe="images/classification",
)


def contract() -> Task:
    """The task over fields that have learned nothing yet."""
    return predict_one_target(CARD, (Image(name="image"),), Category(name="label"))

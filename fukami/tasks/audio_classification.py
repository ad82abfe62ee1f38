"""One recording in, one class and its probability out.

Use it where each recording has exactly one right answer: words, speakers, instruments, machines. Data: a folder per class, a
table with a path and a label, files whose names hold the label (`--set label_from=…`).
"""

from fukami.core.cards import TaskCard
from fukami.fields.audio.field import Audio
from fukami.fields.category.field import Category
from fukami.tasks.compose import predict_one_target
from fukami.tasks.contract import Task

CARD = TaskCard(
    name="audio-classification",
    summary="one recording in, one class and its probability out",
    inputs=("audio",),
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
    recipe="sounds/classification",
)


def contract() -> Task:
    """The task over fields that have learned nothing yet."""
    return predict_one_target(CARD, (Audio(name="audio"),), Category(name="label"))

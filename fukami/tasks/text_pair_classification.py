"""Two texts in, one class out: whether one follows from the other, means the same, answers it.

Use it for inference (entailment, contradiction), paraphrases, duplicate questions, whether a passage answers a question.
"""

from fukami.core.cards import TaskCard
from fukami.fields.category.field import Category
from fukami.fields.pair.field import Pair
from fukami.tasks.compose import predict_one_target
from fukami.tasks.contract import Task

CARD = TaskCard(
    name="text-pair-classification",
    summary="two texts in, one class and its probability out",
    inputs=("pair",),
    targets=("category",),
    needs="vector",
    headline="accuracy",
    also=("balanced_accuracy", "precision_macro", "recall_macro", "f1_macro", "roc_auc", "log_loss", "calibration_error"),
    baselines=("majority", "overlap", "linear"),
    recipe="pairs/classification",
)


def contract() -> Task:
    """The task over fields that have learned nothing yet."""
    return predict_one_target(CARD, (Pair(name="pair"),), Category(name="label"))

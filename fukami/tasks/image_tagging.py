"""One picture in, any number of labels and the probability of each out.

Use it where several things may be true of a picture at once: what is on a photo, which faults a part has. Data: a table with a
path and the labels of each picture (`"sea;sun"`, a list), arrays with a row of 0 and 1 for each picture. A picture of which
nothing is true has an empty list (`[]`); a missing cell says nothing and is left out.
"""

from fukami.core.cards import TaskCard
from fukami.fields.categories.field import Categories
from fukami.fields.image.field import Image
from fukami.tasks.compose import predict_one_target
from fukami.tasks.contract import Task

CARD = TaskCard(
    name="image-tagging",
    summary="one picture in, any number of labels and the probability of each out",
    inputs=("image",),
    targets=("categories",),
    needs="vector",
    headline="pr_auc",
    also=("f1_micro", "f1_macro", "accuracy", "hamming_loss", "roc_auc", "precision_macro", "recall_macro", "log_loss"),
    baselines=("majority", "linear"),
    recipe="images/tagging",
)


def contract() -> Task:
    """The task over fields that have learned nothing yet."""
    return predict_one_target(CARD, (Image(name="image"),), Categories(name="labels"))

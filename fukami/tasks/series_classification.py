"""A series in, one class and its probability out: which machine, which movement, which pulse.

An example is a whole series (each row of a table, each cell a list, or the rows that have a name in common), or a window of
`context` steps that is cut from longer ones.
"""

from fukami.core.cards import TaskCard
from fukami.fields.category.field import Category
from fukami.fields.series.field import Series
from fukami.objectives.supervised import supervised
from fukami.tasks.compose import linear_head
from fukami.tasks.contract import Task
from fukami.tasks.whole_series import Options, examples

CARD = TaskCard(
    name="series-classification",
    summary="a series in, one class and its probability out",
    inputs=("series",),
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
    baselines=("majority", "linear", "nearest-series"),
    recipe="series/wholes",
    exempt={"nothing left": "of windows that are cut from longer series the level stays"},
)


def contract() -> Task:
    """The task over fields that have learned nothing yet."""
    return Task(
        card=CARD,
        inputs={"series": Series("series")},
        targets={"label": Category(name="label")},
        head=linear_head,
        objective=supervised,
        examples=examples,
        questions=examples,
        options=Options(),
    )

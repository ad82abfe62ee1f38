"""A row of a table in, a number out.

Numbers, categories, dates and missing values may stand side by side; every column but the target is an input.
"""

from fukami.core.cards import TaskCard
from fukami.fields.number.field import Number
from fukami.fields.row.field import Row
from fukami.tasks.compose import predict_one_target
from fukami.tasks.contract import Task

CARD = TaskCard(
    name="tabular-regression",
    summary="a row of a table in, a number out",
    inputs=("row",),
    targets=("number",),
    needs="vector",
    headline="r2",
    also=("rmse", "mae", "mse"),
    baselines=("mean", "linear", "boosting"),
    recipe="tabular/regression",
)


def contract() -> Task:
    """The task over fields that have learned nothing yet."""
    return predict_one_target(CARD, (Row(name="row"),), Number(name="value"))

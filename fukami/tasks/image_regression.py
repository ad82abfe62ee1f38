"""One picture in, a number out.

Use it where a picture is measured: the age of a face, the fill of a tank, the weight of a fruit. Data: a table with a path and
a number, arrays with a number for each picture.
"""

from fukami.core.cards import TaskCard
from fukami.fields.image.field import Image
from fukami.fields.number.field import Number
from fukami.tasks.compose import predict_one_target
from fukami.tasks.contract import Task

CARD = TaskCard(
    name="image-regression",
    summary="one picture in, a number out",
    inputs=("image",),
    targets=("number",),
    needs="vector",
    headline="r2",
    also=("rmse", "mae", "mse"),
    baselines=("mean", "linear"),
    recipe="images/regression",
)


def contract() -> Task:
    """The task over fields that have learned nothing yet."""
    return predict_one_target(CARD, (Image(name="image"),), Number(name="value"))

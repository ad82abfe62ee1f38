"""Two texts in, a number out: how alike they are in meaning.

Use it where pairs are graded: how alike two sentences are, how well an answer fits, how good a translation is.
"""

from fukami.core.cards import TaskCard
from fukami.fields.number.field import Number
from fukami.fields.pair.field import Pair
from fukami.tasks.compose import predict_one_target
from fukami.tasks.contract import Task

CARD = TaskCard(
    name="text-similarity",
    summary="two texts in, a number out that says how alike they are",
    inputs=("pair",),
    targets=("number",),
    needs="vector",
    headline="pearson",
    also=("spearman", "r2", "rmse", "mae"),
    baselines=("mean", "overlap", "linear"),
    recipe="pairs/similarity",
)


def contract() -> Task:
    """The task over fields that have learned nothing yet."""
    return predict_one_target(CARD, (Pair(name="pair"),), Number(name="score"))

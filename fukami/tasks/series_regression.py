"""A series in, a number out: how long until it fails, how much there was.

An example is a whole series (each row of a table, each cell a list, or the rows that have a name in common), or a window of
`context` steps that is cut from longer ones.
"""

from fukami.core.cards import TaskCard
from fukami.fields.number.field import Number
from fukami.fields.series.field import Series
from fukami.objectives.supervised import supervised
from fukami.tasks.compose import linear_head
from fukami.tasks.contract import Task
from fukami.tasks.whole_series import Options, examples

CARD = TaskCard(
    name="series-regression",
    summary="a series in, a number out",
    inputs=("series",),
    targets=("number",),
    needs="vector",
    headline="r2",
    also=("rmse", "mae", "mse"),
    baselines=("mean", "linear", "nearest-series"),
    recipe="series/wholes",
    exempt={"nothing left": "of windows that are cut from longer series the level stays"},
)


def contract() -> Task:
    """The task over fields that have learned nothing yet."""
    return Task(
        card=CARD,
        inputs={"series": Series("series")},
        targets={"value": Number(name="value")},
        head=linear_head,
        objective=supervised,
        examples=examples,
        questions=examples,
        options=Options(),
    )

"""A row of a table in, how odd it is out: learned from normal rows alone.

Use it where normal examples are at hand and few of what could go wrong, or none: labels judge, they are not learned from.
Which labels are normal is known by words (normal, good, 0) or said: `--set normal=…`.
"""

from fukami.core.cards import TaskCard
from fukami.fields.row.field import Row
from fukami.tasks.contract import Task
from fukami.tasks.normal_examples import anomalies

CARD = TaskCard(
    name="tabular-anomaly-detection",
    summary="a row of a table in, how odd it is and whether it is an anomaly out",
    inputs=("row",),
    targets=("anomaly",),
    optional=("anomaly",),
    needs="anomaly",
    headline="roc_auc",
    also=("pr_auc", "f1", "precision", "recall", "false_alarm_rate"),
    baselines=("distance-to-mean", "isolation-forest"),
    recipe="normal/rows",
    validates="loss",
)


def contract() -> Task:
    """The task over fields that have learned nothing yet."""
    return anomalies(CARD, Row(name="row"))

"""A text in, how odd it is out: learned from normal texts alone.

Use it where normal examples are at hand and few of what could go wrong, or none: labels judge, they are not learned from.
Which labels are normal is known by words (normal, good, 0) or said: `--set normal=…`.
"""

from fukami.core.cards import TaskCard
from fukami.fields.text.field import Text
from fukami.tasks.contract import Task
from fukami.tasks.normal_examples import anomalies

CARD = TaskCard(
    name="text-anomaly-detection",
    summary="a text in, how odd it is and whether it is an anomaly out",
    inputs=("text",),
    targets=("anomaly",),
    optional=("anomaly",),
    needs="anomaly",
    headline="roc_auc",
    also=("pr_auc", "f1", "precision", "recall", "false_alarm_rate"),
    baselines=("distance-to-mean", "isolation-forest"),
    recipe="normal/texts",
    validates="loss",
    exempt={
        "explained by attention-rollout": "no model of it looks by attention",
        "order of own-parts": "a text without its odd words is odd as well",
    },
)


def contract() -> Task:
    """The task over fields that have learned nothing yet."""
    return anomalies(CARD, Text(name="text"))

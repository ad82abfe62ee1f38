"""What tasks share that learn what is normal: whole models, and labels that only judge."""

from typing import Any

import numpy as np

from fukami.core.cards import TaskCard
from fukami.fields.anomaly.field import Anomaly
from fukami.fields.contract import InputField
from fukami.tasks.compose import by_whole_models
from fukami.tasks.contract import Columns, Task


def anomalies(card: TaskCard, field: InputField, **more: Any) -> Task:
    """A task of `field` → whether it is an anomaly; `more` are members of `Task`."""
    return by_whole_models(card, (field,), Anomaly(name="anomaly"), taught=taught, **more)


def taught(task: Task, columns: Columns) -> np.ndarray:
    """Examples that are not known to be anomalies (bool, N): normal ones, and those of which nothing is known."""
    target = task.target
    assert isinstance(target, Anomaly)
    return target.values(columns[target.name]) != 1

"""From a task's name to its contract."""

from fukami.core.cards import load
from fukami.tasks.contract import Task


def contract(name: str) -> Task:
    """The task called `name`, over fields that have learned nothing yet. Unknown names raise `UsageError` with the nearest."""
    return load("tasks", name).contract()

"""From a task's name to its contract."""

import importlib

from fukami.core.cards import card, files
from fukami.tasks.contract import Task


def contract(name: str) -> Task:
    """The task called `name`, over fields that have learned nothing yet. Unknown names raise `UsageError` with the nearest."""
    card("tasks", name)
    return importlib.import_module(files("tasks")[name]).contract()

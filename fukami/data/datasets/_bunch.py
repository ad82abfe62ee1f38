"""Datasets that come inside scikit-learn."""

from typing import Any

from fukami.core.recipe import DataChoices
from fukami.core.tables import Table
from fukami.data.readers import memory


def table_of(bunch: Any, *, kinds: tuple[str, ...]) -> Table:
    """A scikit-learn bunch as a table."""
    return memory.read(bunch, DataChoices(), kinds=kinds)

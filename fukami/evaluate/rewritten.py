"""Answers of baselines that write: texts as they are, or those of training examples."""

from typing import Any

import numpy as np

from fukami.core.tables import Column
from fukami.evaluate.baselines.contract import Examples
from fukami.fields import batch as trees


def said(target: Any, column: Column) -> dict[str, Any]:
    """The texts of a column as answers, of whose likelihood nothing is known."""
    return _sure(trees.arrays(target.truth(target.batch(target.encode([column]), np.arange(len(column))))))


def taken(examples: Examples, rows: np.ndarray) -> dict[str, Any]:
    """The targets of training examples `rows` as answers."""
    return _sure(trees.taken(trees.arrays(examples.targets), rows))


def _sure(truth: dict[str, Any]) -> dict[str, Any]:
    return {**truth, "log_likelihood": np.zeros(len(truth["tokens"]), np.float32)}

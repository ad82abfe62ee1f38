"""Moving z-score: by how many deviations a step differs from those before it, at most over the later half of a window.

B examples, L steps, C channels.
"""

import numpy as np

from fukami.core.cards import BaselineCard
from fukami.evaluate.baselines.contract import Answers, Examples, InputColumns
from fukami.evaluate.baselines.normal_scores import in_thresholds

CARD = BaselineCard(
    name="moving-z-score", summary="deviations of a step from those before it", of=("anomaly",), needs="steps_of"
)
LEAST = 1e-3
"""Deviations are at least so large a share of the training's: a level that never moved has none."""


def fit(examples: Examples) -> Answers:
    return in_thresholds(examples, lambda few: lambda columns: scores(few, columns))


def scores(examples: Examples, columns: InputColumns) -> np.ndarray:
    """The largest of each window."""
    ((name, field),) = examples.inputs.items()
    x_BLC = field.steps_of(columns[name])  # type: ignore[attr-defined]
    half = max(1, x_BLC.shape[1] // 2)
    found = np.zeros(len(x_BLC))
    for step in range(half, x_BLC.shape[1]):
        before = x_BLC[:, step - half : step]
        apart_BC = np.abs(x_BLC[:, step] - before.mean(1)) / np.maximum(before.std(1), LEAST)
        found = np.maximum(found, apart_BC.max(1))
    return found

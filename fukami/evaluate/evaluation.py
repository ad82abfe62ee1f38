"""What judging a model gives: every metric with its interval, and what the report draws."""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Value:
    """A metric's value and its 95 % interval; NaN where it has no meaning for these examples."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Evaluation:
    """The result of one pass over `examples` examples.

    `details` are the parts that the target's kind has, in the form of `as_dict`. `replicates` holds each metric's value and
    that of every bootstrap replicate; `drawn` identifies the examples and the seed they were drawn with: two evaluations in
    which it is equal can be compared example by example (`significance`).
    """

    examples: int
    metrics: dict[str, Value]
    details: dict[str, Any] = field(default_factory=dict)
    groups: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    replicates: dict[str, np.ndarray] = field(default_factory=dict, repr=False, compare=False)
    drawn: str = ""

    def as_dict(self) -> dict[str, Any]:
        """A JSON object; what has no meaning is null.

            examples     how many
            metrics      {name: {value, low, high}}
            groups       {column: [{value, examples, metrics}]}
            mistakes     [{row, where, target, answer, score}], the surest (for numbers: largest) first

        and by the target's kind

            per_class    [{label, precision, recall, f1, support}]
            confusion    {labels, counts, left_out, pairs: [{target, answer, count}]}
            calibration  {bins: [{confidence, accuracy, count}], error}
            curves       {roc: [[x, y]], pr: [[x, y]]} for two classes, {classes: {label: {roc, pr}}} for a few
            residuals    {points: [[target, answer]], histogram: {edges, counts}}
        """
        metrics = {name: vars(value) for name, value in self.metrics.items()}
        return plain({"examples": self.examples, "metrics": metrics, **self.details, "groups": self.groups})


def plain(told: Any) -> Any:
    """`told` in JSON's own types: NumPy numbers and arrays become numbers and lists, NaN and infinity null."""
    if isinstance(told, dict):
        return {str(key): plain(value) for key, value in told.items()}
    if isinstance(told, (list, tuple)):
        return [plain(value) for value in told]
    if isinstance(told, np.ndarray):
        return plain(told.tolist())
    if isinstance(told, np.generic):
        told = told.item()
    return None if isinstance(told, float) and not math.isfinite(told) else told

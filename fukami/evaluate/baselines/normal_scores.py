"""What baselines share that score how odd something is: examples to learn from, and a threshold of their own."""

from collections.abc import Callable
from typing import Any

import numpy as np

from fukami.core.seeds import generator
from fukami.evaluate.baselines.contract import Answers, Examples, InputColumns
from fukami.fields.anomaly.threshold import settled

MOST, KEPT = 20_000, 0.2
"""Examples that are looked at, at most, and the share of them that the threshold is chosen on."""


def in_thresholds(examples: Examples, learn: Callable[[Examples], Answers]) -> Answers:
    """What `learn` answers, in units of a threshold that a fifth of the examples, which it does not see, ask for."""
    few, target = examples.sample(MOST), examples.target
    order = generator(examples.seed, "baseline", "threshold").permutation(len(few))
    count = round(KEPT * len(few))
    kept, rest = np.sort(order[:count]), np.sort(order[count:])
    answers = learn(_part(few, rest))
    options: Any = target.options
    scores_N = answers(_columns(few, kept if count else rest))
    threshold = settled(scores_N, options.false_alarms)["threshold"]
    return lambda columns: answers(columns) / threshold


def _columns(examples: Examples, rows: np.ndarray) -> InputColumns:
    return {name: [column.take(rows) for column in columns] for name, columns in examples.columns.items()}


def _part(examples: Examples, rows: np.ndarray) -> Examples:
    return Examples(examples.inputs, _columns(examples, rows), examples.target, examples.targets[rows], examples.seed)


def dense(features: Any) -> np.ndarray:
    """Plain features as float64 (N, D)."""
    return np.asarray(features.todense() if hasattr(features, "todense") else features, np.float64)

"""What a metric is: a running state of bounded size, and the value that is read from it.

A file of this folder is one metric. It holds

    CARD = MetricCard(name=…, of=…, higher_is_better=…)
    State = Counts                                   # a class below `states/`, or one of its own
    def compute(state: Counts) -> np.ndarray: …      # (1 + R,): the value, and that of each bootstrap replicate

Several metrics read the same state, so a set of them (`Running`) updates each state once. States add up: batch by batch,
or over processes with `merge`, the result is that of the whole at once. A value that has no meaning for the examples seen
(no example at all, or one class only where two are needed) is NaN, never an error.

Answers and truth are trees of NumPy arrays in the form of the target (`TargetField.answers`, `truth`), which only the metrics
of its kind look into: `scores` (B, K) and class numbers (B,) of a category, `scores` and 0 or 1 (B, K) of several labels,
values (B,) of a number.

Shapes: B examples of a batch, K outputs, R bootstrap replicates. `weights` are None, one number per example (B,), or
(1 + R, B): row 0 the data as they are, further rows what `bootstrap.weights` drew.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from types import ModuleType
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from fukami.core.cards import MetricCard, card, load
from fukami.fields import batch as trees

if TYPE_CHECKING:
    from fukami.fields.contract import TargetField


class State(ABC):
    """Running sums over examples, for the data as they are and for R bootstrap replicates.

    `target` is the learned target field, of which it may ask whatever it needs: how many classes there are, how long a season.
    `room` is the share of the usual memory it may take: 1 for a whole evaluation, less where there are many states.
    """

    def __init__(self, target: Any, replicates: int = 0, *, room: float = 1.0):
        self.target, self.replicates, self.room = target, replicates, room

    @abstractmethod
    def update(self, answers: Any, truth: Any, weights_RB: np.ndarray, /) -> None:
        """Takes a batch in; `weights_RB` is float64 (1 + R, B)."""

    @abstractmethod
    def merge(self, other: Self) -> None:
        """Takes in what another state of the same kind has seen."""


class Running:
    """Several metrics over one pass through the examples, each state updated once.

    Arguments: `names` of metrics; `target`, the learned field; `replicates` R; `room` as in `State`; `also` names further
    states to keep, which `state` hands out (for curves and tables).

    >>> from fukami.fields.category.field import Category
    >>> both = Running(["accuracy", "f1_macro"], Category(state={"classes": ["no", "yes"]}))
    >>> both.update(np.array([[0.9, 0.1], [0.3, 0.7]]), np.array([0, 0]))
    >>> both.compute()["accuracy"]
    0.5
    """

    def __init__(
        self,
        names: Iterable[str],
        target: "TargetField",
        *,
        replicates: int = 0,
        room: float = 1.0,
        also: Iterable[type[State]] = (),
    ):
        self.replicates = replicates
        self.cards: dict[str, MetricCard] = {name: card("metrics", name) for name in names}
        self._modules: dict[str, ModuleType] = {name: load("metrics", name) for name in self.cards}
        kinds = dict.fromkeys([*(module.State for module in self._modules.values()), *also])
        self._states: dict[type[State], State] = {kind: kind(target, replicates, room=room) for kind in kinds}
        self.weight = 0.0
        """The number of examples seen (their total weight where they have one)."""

    def update(self, answers: Any, truth: Any, weights: np.ndarray | None = None) -> None:
        """Takes a batch in."""
        count = trees.size(truth)
        weights_RB = full_weights(weights, count, self.replicates)
        self.weight += float(weights_RB[0].sum())
        if count:
            for state in self._states.values():
                state.update(answers, truth, weights_RB)

    def merge(self, other: "Running") -> None:
        """Takes in what another set of the same metrics has seen (another process, another part)."""
        self.weight += other.weight
        for kind, state in self._states.items():
            state.merge(other._states[kind])

    def state(self, kind: type[State]) -> Any:
        """The state of that class."""
        return self._states[kind]

    def values(self) -> dict[str, np.ndarray]:
        """Metric name → (1 + R,): the value, then that of every replicate; NaN where it has no meaning."""
        return {name: module.compute(self._states[module.State]) for name, module in self._modules.items()}

    def compute(self) -> dict[str, float]:
        """Metric name → value; NaN where it has no meaning."""
        return {name: float(values[0]) for name, values in self.values().items()}


def full_weights(weights: np.ndarray | None, num_examples: int, replicates: int) -> np.ndarray:
    """`weights` as float64 (1 + R, B). Replicates cannot be made up here: their weights must be given."""
    if weights is None:
        weights = np.ones(num_examples)
    full_RB = np.atleast_2d(np.asarray(weights, dtype=np.float64))
    if full_RB.shape != (1 + replicates, num_examples):
        raise ValueError(f"weights have shape {full_RB.shape}, expected {(1 + replicates, num_examples)}")
    return full_RB


def ratio(part: np.ndarray, whole: np.ndarray, *, empty: float = np.nan) -> np.ndarray:
    """`part / whole`, and `empty` where `whole` is 0."""
    part, whole = np.broadcast_arrays(part, whole)
    return np.divide(part, whole, out=np.full(whole.shape, empty), where=whole > 0)


def mean_where(values: np.ndarray, counted: np.ndarray) -> np.ndarray:
    """Mean over the last axis of the values that are counted; NaN where none is."""
    return ratio(np.where(counted, values, 0.0).sum(-1), counted.sum(-1))

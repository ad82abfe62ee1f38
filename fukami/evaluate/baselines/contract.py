"""What a baseline is: a file with `CARD = BaselineCard(…)` and `fit(examples) -> Scores`. None needs Fukami's engine."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fukami.core.seeds import generator
from fukami.core.tables import Column

if TYPE_CHECKING:
    from fukami.fields.contract import InputField

InputColumns = dict[str, list[Column]]
"""Input name → its raw columns."""

Scores = Callable[[InputColumns], np.ndarray]
"""Raw input columns → scores in the same form as a model's: probabilities (B, K), or values (B,) in the target's unit."""


@dataclass(frozen=True)
class Examples:
    """Training examples: learned input fields, their raw columns, and targets in the unit of the scores."""

    inputs: "dict[str, InputField]"
    columns: InputColumns
    targets: np.ndarray
    num_outputs: int
    seed: int = 0

    def __len__(self) -> int:
        return len(self.targets)

    def sample(self, most: int) -> "Examples":
        """At most `most` of them, drawn at random."""
        if len(self) <= most:
            return self
        kept = np.sort(generator(self.seed, "baseline").choice(len(self), most, replace=False))
        columns = {name: [column.take(kept) for column in columns] for name, columns in self.columns.items()}
        return Examples(self.inputs, columns, self.targets[kept], self.num_outputs, self.seed)

    def frequencies(self) -> np.ndarray:
        """How often each class or label occurs (K,)."""
        if self.targets.ndim == 2:
            return self.targets.mean(0)
        return np.bincount(self.targets, minlength=self.num_outputs) / max(len(self), 1)


@dataclass(frozen=True)
class Fitted:
    """A baseline that has learned from `examples` examples in `seconds`."""

    name: str
    scores: Scores
    examples: int
    seconds: float


def num_rows(columns: InputColumns) -> int:
    """How many examples the columns hold."""
    return len(next(iter(columns.values()))[0])


def plain_features(inputs: "dict[str, InputField]", columns: InputColumns) -> Any:
    """The inputs' plain features side by side, (B, D): sparse where one of them is."""
    from scipy import sparse

    parts = [field.plain_features(columns[name]) for name, field in inputs.items()]
    if len(parts) == 1:
        return parts[0]
    return sparse.hstack(parts, format="csr") if any(map(sparse.issparse, parts)) else np.hstack(parts)

"""What a baseline is: a file with `CARD = BaselineCard(…)` and `fit(examples) -> Scores`. None needs Fukami's engine."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fukami.core.seeds import generator
from fukami.core.tables import Column

if TYPE_CHECKING:
    from fukami.fields.contract import InputField, TargetField

InputColumns = dict[str, list[Column]]
"""Input name → its raw columns."""

Scores = Callable[[InputColumns], np.ndarray]
"""Raw input columns → scores in the same form as a model's: probabilities (B, K), or values (B,) in the target's unit."""


@dataclass(frozen=True)
class Examples:
    """Training examples: learned fields, raw columns of the inputs, and targets in the unit of the scores."""

    inputs: "dict[str, InputField]"
    columns: InputColumns
    target: "TargetField"
    targets: np.ndarray
    seed: int = 0

    def __len__(self) -> int:
        return len(self.targets)

    def sample(self, most: int) -> "Examples":
        """At most `most` of them, drawn at random."""
        if len(self) <= most:
            return self
        kept = np.sort(generator(self.seed, "baseline").choice(len(self), most, replace=False))
        columns = {name: [column.take(kept) for column in columns] for name, columns in self.columns.items()}
        return Examples(self.inputs, columns, self.target, self.targets[kept], self.seed)

    def guess(self, count: int = 1) -> np.ndarray:
        """What fits the targets best without a look at inputs, `count` times: frequencies (count, K), or the mean (count,)."""
        return self.target.guess(self.targets, count)


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

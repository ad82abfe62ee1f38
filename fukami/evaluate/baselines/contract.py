"""What a baseline is: a file with `CARD = BaselineCard(…)` and `fit(examples) -> Answers`. None needs Fukami's engine."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fukami.core.language import _
from fukami.core.seeds import generator
from fukami.core.tables import Column
from fukami.fields import batch as trees
from fukami.fields.scored import scored

if TYPE_CHECKING:
    from fukami.fields.contract import InputField, TargetField

InputColumns = dict[str, list[Column]]
"""Input name → its raw columns."""

Answers = Callable[[InputColumns], Any]
"""Raw input columns → answers in the same form as a model's (`TargetField.answers`), as arrays: for a class
probabilities (B, K), for a number values (B,) in its own unit."""


@dataclass(frozen=True)
class Examples:
    """Training examples: learned fields, raw columns of the inputs, and targets as they are judged (`TargetField.truth`).

    `untrained` answers as the network that is judged did before it learned, for baselines whose card asks for it.
    """

    inputs: "dict[str, InputField]"
    columns: InputColumns
    target: "TargetField"
    targets: Any
    seed: int = 0
    untrained: Answers | None = None

    def __len__(self) -> int:
        return trees.size(self.targets)

    def sample(self, most: int) -> "Examples":
        """At most `most` of them, drawn at random."""
        if len(self) <= most:
            return self
        kept = np.sort(generator(self.seed, "baseline").choice(len(self), most, replace=False))
        columns = {name: [column.take(kept) for column in columns] for name, columns in self.columns.items()}
        return Examples(self.inputs, columns, self.target, trees.taken(self.targets, kept), self.seed, self.untrained)

    def guess(self, count: int = 1) -> np.ndarray:
        """What fits the targets best without a look at inputs, `count` times: frequencies (count, K), or the mean (count,)."""
        return scored(self.target, _("a guess")).guess(self.targets, count)


@dataclass(frozen=True)
class Fitted:
    """A baseline that has learned from `examples` examples in `seconds`."""

    name: str
    answers: Answers
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

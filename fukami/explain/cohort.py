"""Many examples together, for methods that speak of a set: their tensors, and their targets where they are known.

N examples.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch

from fukami.core.tables import Column
from fukami.engine.fitting import in_parts
from fukami.fields import batch as trees
from fukami.fields.contract import InputField
from fukami.fields.units import Units
from fukami.predictor import BATCH, Predictor


@dataclass(frozen=True)
class Cohort:
    """N examples of the task's only input. `truth` are their targets in the form of answers, None where not known."""

    predictor: Predictor
    columns: Sequence[Column]
    truth: Any = None
    seed: int = 0

    def __len__(self) -> int:
        return len(self.columns[0])

    @property
    def field(self) -> InputField:
        """The field that reads them."""
        return self.predictor.task.input

    @cached_property
    def batch(self) -> Any:
        """The tensors of all examples."""
        name = self.field.name
        return self.predictor.batch({name: self.columns}, np.arange(len(self)))[name]

    def units(self, row: int) -> Units:
        """The units of one example."""
        return self.field.units(self.batch, [column.take(np.array([row])) for column in self.columns])

    def answers(self, batch: Any) -> Any:
        """Answers to changed tensors, a few at a time."""
        name = self.field.name

        def part(start: int, stop: int) -> Any:
            return trees.mapped(self.predictor.answers({name: trees.part(batch, start, stop)}), torch.Tensor.cpu)

        return trees.joined(list(in_parts(trees.size(batch), 8 * BATCH, part)))

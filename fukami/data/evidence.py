"""What the checks of whole data sets look at, computed once: usable rows, content hashes, a bounded sample."""

import os
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from fukami.core.seeds import generator
from fukami.core.tables import Column, Table
from fukami.fields.contract import InputField, TargetField
from fukami.tasks.contract import Task

SAMPLED = 20_000
"""Rows that costly checks look at; they say so where the data has more."""


@dataclass(frozen=True)
class Evidence:
    """`whole` are all cells, `columns` those of the N usable rows, which `split` numbers; `readable` counts usable inputs."""

    task: Task
    table: Table
    whole: dict[str, list[Column]]
    columns: dict[str, list[Column]]
    readable: int
    split: Any = None

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()))[0]) if self.columns else 0

    @property
    def total(self) -> int:
        """How many examples were read."""
        return len(next(iter(self.whole.values()))[0]) if self.whole else 0

    @property
    def inputs(self) -> dict[str, InputField]:
        """Input fields whose columns are there."""
        return {name: field for name, field in self.task.inputs.items() if name in self.columns}

    @property
    def targets(self) -> dict[str, TargetField]:
        """Target fields whose columns are there."""
        return {name: field for name, field in self.task.targets.items() if name in self.columns}

    @cached_property
    def hashes(self) -> np.ndarray:
        """uint64 (N), equal where all inputs are."""
        return self.task.identity_of(self.columns)

    @cached_property
    def sample(self) -> np.ndarray:
        """At most 20,000 usable rows, ascending."""
        rows = np.arange(len(self))
        return rows if len(self) <= SAMPLED else np.sort(generator(0, "doctor").permutation(rows)[:SAMPLED])

    def place(self, row: int) -> str:
        """How a message names an example: by its first input."""
        name = next(iter(self.inputs))
        column = self.columns[name][0]
        if len(self.columns[name]) > 1:
            return column.where(row).removesuffix(f" ({column.name})")
        if column.file or column.base is None or column.is_array:
            return column.where(row)
        path = column.base / str(column.values[int(row)])[:1000].replace("\0", "")
        return str(path) if os.path.lexists(path) else column.where(row)

    def pairs(self, left: np.ndarray, right: np.ndarray, *, sign: str = "=", most: int = 3) -> str:
        """The first pairs of examples, for a message."""
        told = [f"{self.place(int(a))} {sign} {self.place(int(b))}" for a, b in zip(left[:most], right[:most], strict=True)]
        return "; ".join([*told, *(["…"] if len(left) > most else [])])


def gathered(task: Task, table: Table, columns: dict[str, list[Column]], split: Any) -> Evidence:
    """The evidence of all examples that were read."""
    total = len(next(iter(columns.values()))[0]) if columns else 0
    usable = np.ones(total, dtype=bool)
    readable = usable.copy()
    for name, field in task.fields.items():
        if name in columns and not task.is_optional(name):
            good = field.usable(columns[name])
            usable &= good
            if name in task.inputs:
                readable &= good
    keep = np.flatnonzero(usable)
    kept = columns if usable.all() else {name: [c.take(keep) for c in cells] for name, cells in columns.items()}
    return Evidence(task, table, columns, kept, int(readable.sum()), split)

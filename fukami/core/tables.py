"""Raw data as readers leave it and fields take it: named columns of cells, each of which knows where it came from.

A column holds its cells either as an Arrow array (what a table file has: strings, numbers, dates, lists) or as a NumPy
array of shape (N, …) (images and vectors that arrive as arrays). Nothing is decoded here; that is a field's work.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from fukami.core import arrow

arrow.settle()
PARTS = ("train", "valid", "test")


@dataclass(frozen=True)
class Column:
    """One named column of N cells.

    `base` is the folder that relative paths in it are relative to. A message names a cell by `file` and by its number in
    `rows`: the line of a text table, the row of any other (1 where nothing is said is the first row). `files` names the file
    of each cell where several were joined, or where every example is a file of its own. `told` is what the source says of all
    cells together, in plain values: names of classes, say.
    """

    name: str
    values: Any
    base: Path | None = None
    file: str = ""
    rows: np.ndarray | None = None
    files: np.ndarray | None = None
    told: dict[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.values)

    @property
    def is_array(self) -> bool:
        """Whether the cells are slices of a NumPy array rather than cells of a table."""
        return isinstance(self.values, np.ndarray)

    def take(self, rows: np.ndarray) -> "Column":
        """The cells at positions `rows`, in that order."""
        rows = np.asarray(rows)
        values = self.values[rows] if self.is_array else self.values.take(pa.array(rows))
        files = None if self.files is None else self.files[rows]
        if self.rows is not None:
            numbers = self.rows[rows]
        else:  # a file for each example needs no numbers
            numbers = None if files is not None else rows + 1
        return replace(self, values=values, rows=numbers, files=files)

    def where(self, row: int) -> str:
        """How a message names cell `row`: the file itself where each example is one, else file, row, column."""
        file = self.file if self.files is None else str(self.files[row])
        if self.files is not None and self.rows is None:
            return file
        number = row + 1 if self.rows is None else int(self.rows[row])
        place = f"{file}:{number}" if file else f"[{number - 1}]"
        return f"{place} ({self.name})" if self.name else place

    def strings(self) -> list[str]:
        """The cells as strings; missing ones are empty."""
        return ["" if v is None else str(v) for v in self.values.tolist()]


@dataclass(frozen=True)
class Table:
    """N examples: columns of equal length, and where the source says so, the part each belongs to.

    `parts` holds "train", "valid", "test" or "" (not said) for each example. `name` is what the user typed.
    `problems` are what the reader itself noticed (a byte-order mark, ragged rows, an odd encoding).
    `hints` maps a field's name or kind to the column that the layout itself implies, e.g. `{"image": "path"}`.
    """

    name: str
    columns: dict[str, Column]
    parts: np.ndarray | None = None
    problems: tuple[Any, ...] = ()
    hints: dict[str, str] = field(default_factory=dict)
    layout: str = ""

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()))) if self.columns else 0

    def take(self, rows: np.ndarray | Sequence[int]) -> "Table":
        rows = np.asarray(rows, dtype=np.int64)
        parts = None if self.parts is None else self.parts[rows]
        return replace(self, columns={n: c.take(rows) for n, c in self.columns.items()}, parts=parts)

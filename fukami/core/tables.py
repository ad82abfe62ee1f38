"""Raw data as readers leave it and fields take it: named columns of cells, each of which knows where it came from.

A column holds its cells either as an Arrow array (what a table file has: strings, numbers, dates, lists), as a NumPy array of
shape (N, …) (images and vectors that arrive as arrays), or as `Windows` of something that examples share. Nothing is decoded
here; that is a field's work.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from fukami.core import arrow

arrow.settle()
PARTS = ("train", "valid", "test")
ACROSS = "cross"
"""The label of an example that reaches over the border between two parts, and so belongs to none."""


@dataclass(frozen=True)
class Windows:
    """N cells that are stretches of one whole, none of which is copied: cell i is `starts[i]` to `starts[i] + length`.

    `before` and `after` say how much on either side belongs to the same example: what its other fields look at.

    >>> windows = Windows("abcdef", np.array([0, 1, 3]), 2, after=1)
    >>> windows.take(np.array([2])).starts.tolist(), windows.covered(6).tolist()
    ([3], [True, True, True, True, True, True])
    """

    whole: Any
    starts: np.ndarray
    length: int
    before: int = 0
    after: int = 0

    def __len__(self) -> int:
        return len(self.starts)

    def take(self, rows: Any) -> "Windows":
        return replace(self, starts=self.starts[np.asarray(rows, dtype=np.int64)])

    def covered(self, total: int) -> np.ndarray:
        """Which of the whole's `total` places some example looks at (bool)."""
        return covered(self.starts - self.before, self.starts + self.length + self.after, total)


def covered(first: np.ndarray, end: np.ndarray, total: int) -> np.ndarray:
    """Which of `total` places lie in one of the stretches from `first` to before `end` (bool).

    >>> covered(np.array([0, 1]), np.array([2, 3]), 5).tolist()
    [True, True, True, False, False]
    """
    change = np.zeros(total + 1, np.int64)
    np.add.at(change, first, 1)
    np.add.at(change, end, -1)
    return np.cumsum(change)[:-1] > 0


@dataclass(frozen=True)
class Spans:
    """What examples that were cut from a sequence of rows are judged on: their first and last moment, and their rows.

    `when_N2` orders them by time (both ends count); `rows_N2` holds the first row and the one after the last. `moments` are
    those of all rows of the sequence, also of those that no example is judged on.
    """

    when: np.ndarray
    rows: np.ndarray
    moments: np.ndarray

    def take(self, rows: np.ndarray) -> "Spans":
        return replace(self, when=self.when[rows], rows=self.rows[rows])


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
    `hints` maps a field's name or kind to the column that the layout itself implies, e.g. `{"image": "path"}`. `spans` are
    there where examples were cut from a sequence: parts are then stretches of time, and what reaches over a border is left out.
    """

    name: str
    columns: dict[str, Column]
    parts: np.ndarray | None = None
    problems: tuple[Any, ...] = ()
    hints: dict[str, str] = field(default_factory=dict)
    layout: str = ""
    order: np.ndarray | None = None
    """Numbers (N) that grow along what the examples were cut from (a text, a series), where they were: parts that are drawn
    then lie one behind the other, and examples of equal numbers in one part."""
    spans: Spans | None = None
    origin: np.ndarray | None = None
    """The row (N) that each example was cut from, where a row gave several (`take`): those of one are never in two parts."""

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()))) if self.columns else 0

    def take(self, rows: np.ndarray | Sequence[int]) -> "Table":
        """The rows at these places, in that order; of one that is taken several times `origin` tells."""
        rows = np.asarray(rows, dtype=np.int64)
        origin = self.origin if self.origin is None else self.origin[rows]
        if origin is None and len(np.unique(rows)) < len(rows):
            origin = rows
        parts = None if self.parts is None else self.parts[rows]
        order = None if self.order is None else self.order[rows]
        spans = None if self.spans is None else self.spans.take(rows)
        kept = {n: c.take(rows) for n, c in self.columns.items()}
        return replace(self, columns=kept, parts=parts, order=order, spans=spans, origin=origin)


def plain(name: str) -> str:
    """A column's name as it is compared with what people usually call such columns.

    >>> plain(" Sale-Price ")
    'sale_price'
    """
    return re.sub(r"[\s_\-]+", "_", name.strip().lower())

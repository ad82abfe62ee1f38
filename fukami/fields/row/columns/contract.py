"""What every kind of column can do.

A learned column is one JSON object, `told`, in its run: its name, kind and way of reading (`how`), its `numbers` (each with
its scale and bin edges) and its `categories` (each with its values). The classes of this package are that object's methods. A
kind's file holds `CARD` and one class; `recognise.kind_of` finds the kind of a new column. N rows, C numbers, M categories.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
import pyarrow as pa

from fukami.core.errors import DataError
from fukami.core.language import _
from fukami.core.problems import Problem
from fukami.core.tables import Column
from fukami.fields import parsing
from fukami.fields.row.columns import findings, parts
from fukami.fields.row.words import missing_of


class Raw(NamedTuple):
    """Raw features of one column.

    `numbers` (N, C) float64 with NaN for missing; `codes` (N, M) int64, 0 for unknown or missing; `bad` (N) tells the cells
    that hold something which could not be read.
    """

    numbers: np.ndarray
    codes: np.ndarray
    bad: np.ndarray

    @classmethod
    def of(cls, rows: int, *, numbers: Any = None, codes: Any = None, bad: Any = None) -> "Raw":
        """What is not given is empty, and nothing is bad."""
        return cls(
            np.empty((rows, 0)) if numbers is None else numbers,
            np.empty((rows, 0), np.int64) if codes is None else codes,
            np.zeros(rows, bool) if bad is None else bad,
        )


@dataclass(frozen=True)
class LearnedColumn(ABC):
    """One column as its training read it. `missing` are the user's words for a missing value.

    >>> import pyarrow as pa
    >>> from fukami.fields.row.columns.registry import learned
    >>> how = {"name": "age", "kind": "number", "how": {"decimal": "."}, "numbers": [], "categories": []}
    >>> learned(how).raw(Column("age", pa.array(["31", "?"]))).numbers.tolist()
    [[31.0], [nan]]
    """

    told: dict[str, Any]
    missing: tuple[str, ...] = ()

    kind: ClassVar[str]
    used: ClassVar[bool] = True
    """Whether models see it."""
    several: ClassVar[bool] = False
    """Whether a cell holds several numbers; an explanation then weighs each of them."""
    wanted: ClassVar[str] = ""
    """What its cells have to be, in words; empty where every cell can be read."""
    for_all: ClassVar[dict[str, Any]] = {}
    """What programs without Fukami need to read any column of this kind."""

    @property
    def name(self) -> str:
        return self.told["name"]

    @property
    def how(self) -> dict[str, Any]:
        return self.told["how"]

    @property
    def numbers(self) -> list[dict[str, Any]]:
        return self.told["numbers"]

    @property
    def categories(self) -> list[dict[str, Any]]:
        return self.told["categories"]

    # -- learning ----------------------------------------------------------------------------------------------------
    @classmethod
    @abstractmethod
    def examine(cls, column: Column, how: dict[str, Any], *, forced: bool, missing: tuple[str, ...]) -> Iterator[Problem]:
        """Every problem of cells that are to be learned from; `forced` where the user named the kind."""

    @classmethod
    def learn(
        cls, column: Column, how: dict[str, Any], options: Any, *, sample: np.ndarray | None = None, knots: int = 256
    ) -> Self:
        """From training cells. `sample` are the rows that quantiles are taken from (None: all), `knots` how many are kept."""
        told = {"name": column.name, "kind": cls.kind, "how": how, "numbers": [], "categories": []}
        return cls(told, missing_of(options, column.name)).completed(column, options, sample=sample, knots=knots)

    def completed(self, column: Column, options: Any, *, sample: np.ndarray | None, knots: int) -> Self:
        """Itself with the numbers and categories of training cells: here, with a number for each of the raw ones."""
        numbers_NC = self.raw(column).numbers
        learned = [
            parts.number(name, values_N, options, sample=sample, knots=knots)
            for name, values_N in zip(self.number_names(numbers_NC.shape[1]), numbers_NC.T, strict=True)
        ]
        return replace(self, told=self.told | {"numbers": learned})

    def number_names(self, count: int) -> list[str]:
        """What its numbers are called; there are `count`."""
        return [self.name] * count

    # -- reading -----------------------------------------------------------------------------------------------------
    @abstractmethod
    def raw(self, column: Column) -> Raw:
        """Raw features of cells. Raises `DataError` where a cell holds another number of values."""

    def unfamiliar(self, column: Column) -> Iterator[Problem]:
        """What new cells hold that training did not know. All of it counts as missing."""
        yield from findings.unlike(column, self.raw(column).bad, self.wanted, learned=True)

    # -- telling -----------------------------------------------------------------------------------------------------
    def describe(self) -> dict[str, Any]:
        """What a reader wants to know: kind, missing share, number of values, range, or why it was left out."""
        part = self.numbers[0]
        shown = {key: part[key] for key in ("missing", "mean", "deviation")}
        ends = {"low": part["edges"][0], "high": part["edges"][-1]} if part["edges"] else {}
        return {"name": self.name, "kind": self.kind, **shown, **ends}

    def schema(self) -> dict[str, Any]:
        """The JSON schema of one cell."""
        return {"type": ["string", "null"]}

    def sketch(self, column: Column) -> dict[str, Any]:
        """Counts that another sketch of the same column can be compared with; holds no cell."""
        found = self.raw(column)
        numbers = [parts.sketched_number(part, values) for part, values in zip(self.numbers, found.numbers.T, strict=True)]
        categories = [parts.sketched_category(p, codes) for p, codes in zip(self.categories, found.codes.T, strict=True)]
        return {"kind": self.kind, "rows": len(column), "numbers": numbers, "categories": categories}

    def shown(self, cell: Any) -> dict[str, Any]:
        """A cell under the names of what an explanation weighs."""
        return {self.name: cell}

    def portable(self) -> dict[str, Any]:
        """What programs without Fukami need to read this column, beside the scales of its numbers."""
        return {}

    def usual(self) -> Any:
        """A cell as the column could hold."""
        return parts.middle(self.numbers[0])


def single(column: Column) -> pa.Array:
    """Cells of one value each. Raises `DataError` where they hold several."""
    array = None if column.is_array and column.values.ndim > 1 else parsing.plain(column.values)
    if array is None or not parsing.is_scalar(array):
        what = _("one value per example is needed, but each example holds several")
        raise DataError("F-CELL-SHAPE", what, where=column.where(0), got=str(column.take(np.arange(1)).values[0])[:80])
    return array

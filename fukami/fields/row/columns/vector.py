"""A column whose cells hold several numbers each: a NumPy array of more than one axis."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from fukami.core.cards import ColumnCard
from fukami.core.errors import DataError
from fukami.core.language import _
from fukami.core.problems import Problem
from fukami.core.tables import Column
from fukami.fields.row.columns import findings, parts
from fukami.fields.row.columns.contract import LearnedColumn, Raw

CARD = ColumnCard(name="vector", summary="a NumPy array with several numbers per row", code=("row_vector",))


@dataclass(frozen=True)
class VectorColumn(LearnedColumn):
    """`how["size"]` is how many numbers a cell holds."""

    kind: ClassVar[str] = "vector"
    several: ClassVar[bool] = True

    @classmethod
    def examine(cls, column: Column, how: dict[str, Any], *, forced: bool, missing: tuple[str, ...]) -> Iterator[Problem]:
        yield from findings.infinite(column, np.asarray(column.values, np.float64).reshape(len(column), -1).sum(axis=1))

    def number_names(self, count: int) -> list[str]:
        return [f"{self.name}[{i}]" for i in range(count)]

    def raw(self, column: Column) -> Raw:
        size = self.how["size"]
        try:
            values = np.asarray(column.values if column.is_array else column.values.to_pylist(), np.float64)
        except (ValueError, TypeError):  # words, or lists of several lengths
            values = np.empty(0)
        if values.size != len(column) * size:
            raise DataError(
                "F-ROW-VECTOR",
                _("column {name} has another number of values per row than the training data").format(name=column.name),
                where=column.where(0),
                expected=str(size),
                got=str(values.size // max(1, len(column))),
            )
        return Raw.of(len(column), numbers=parts.finite(values.reshape(len(column), size)))

    def schema(self) -> dict[str, Any]:
        size = self.how["size"]
        return {"type": "array", "items": {"type": "number"}, "minItems": size, "maxItems": size}

    def shown(self, cell: Any) -> dict[str, Any]:
        """Six digits of each number."""
        values = np.ravel(np.asarray(cell, float))
        return {part["name"]: float(f"{value:.6g}") for part, value in zip(self.numbers, values, strict=True)}

    def portable(self) -> dict[str, Any]:
        return {"size": self.how["size"]}

    def usual(self) -> list[float]:
        return [parts.middle(part) for part in self.numbers]

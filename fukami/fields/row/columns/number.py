"""A column of numbers, also of those with a unit, and of times of day and spans of time, which are seconds."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from fukami.core.cards import ColumnCard
from fukami.core.language import N_
from fukami.core.problems import Problem
from fukami.core.tables import Column
from fukami.fields import parsing
from fukami.fields.reading import column as reading
from fukami.fields.reading import doubts, numbers
from fukami.fields.row.columns import findings, parts
from fukami.fields.row.columns.contract import LearnedColumn, Raw, single

CARD = ColumnCard(name="number", summary="a number", code=("plain_cells", "cell_number", "cell_span", "row_number"))

SECONDS = N_("times of day or spans of time")


@dataclass(frozen=True)
class NumberColumn(LearnedColumn):
    """`how` is a reading of numbers or spans (`fields/reading`)."""

    kind: ClassVar[str] = "number"
    wanted: ClassVar[str] = N_("numbers")

    @classmethod
    def examine(cls, column: Column, how: dict[str, Any], *, forced: bool, missing: tuple[str, ...]) -> Iterator[Problem]:
        parsed = reading.numbers(parsing.plain(column.values), how, missing=missing)
        yield from findings.infinite(column, parsed.values)
        yield from findings.unlike(column, parsed.bad, _wanted(how), example=how.get("example", ""))
        yield from doubts.doubtful_mark(column, how)
        yield from findings.absent(column, int(np.isnan(parsed.values).sum() - parsed.bad.sum()))

    def raw(self, column: Column) -> Raw:
        parsed = self._parsed(column)
        return Raw.of(len(column), numbers=parts.finite(parsed.values)[:, None], bad=parsed.bad)

    def unfamiliar(self, column: Column) -> Iterator[Problem]:
        parsed = self._parsed(column)
        yield from findings.unlike(
            column, parsed.bad, _wanted(self._reading), example=self._reading.get("example", ""), learned=True
        )
        yield from findings.infinite(column, parsed.values)
        yield from findings.far(column, parsed.values, self.numbers[0])
        yield from findings.newly_missing(column, int(np.isnan(parsed.values).sum() - parsed.bad.sum()), self.numbers[0])

    def _parsed(self, column: Column) -> parsing.Parsed:
        return reading.numbers(single(column), self._reading, missing=self.missing)

    @property
    def _reading(self) -> dict[str, Any]:
        return self.how if "pattern" in self.how else numbers.of_old(self.how["decimal"])

    def schema(self) -> dict[str, Any]:
        return {"type": ["number", "null"] if self._reading.get("bare") else ["string", "null"]}

    def shown(self, cell: Any) -> dict[str, Any]:
        """A number that a text table holds as text; anything else as it is."""
        try:
            return {self.name: float(cell) if isinstance(cell, str) else cell}
        except ValueError:
            return {self.name: cell}

    def portable(self) -> dict[str, Any]:
        return {"how": self._reading}

    def usual(self) -> Any:
        return super().usual() if self._reading.get("bare") else self._reading["example"]


def _wanted(how: dict[str, Any]) -> str:
    return NumberColumn.wanted if how["form"] == "number" else SECONDS

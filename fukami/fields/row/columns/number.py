"""A column of numbers."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from fukami.core.cards import ColumnCard
from fukami.core.language import N_
from fukami.core.problems import Problem
from fukami.core.tables import Column
from fukami.fields import parsing
from fukami.fields.row.columns import findings, parts
from fukami.fields.row.columns.contract import LearnedColumn, Raw, single

CARD = ColumnCard(name="number", summary="a number", code=("row_number",))

_MARKS = {
    ".": {"grouped": r"[+-]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]*)?", "marks": {",": ""}},
    ",": {"grouped": r"[+-]?([0-9]+|[0-9]{1,3}([. ][0-9]{3})+)(,[0-9]*)?", "marks": {".": "", " ": "", ",": "."}},
}
"""How numbers are written with either decimal mark, and what becomes of their marks."""


@dataclass(frozen=True)
class NumberColumn(LearnedColumn):
    """`how["decimal"]` is its decimal mark."""

    kind: ClassVar[str] = "number"
    wanted: ClassVar[str] = N_("numbers")
    for_all: ClassVar[dict[str, Any]] = {
        # a number with the signs of its unit around it
        "unit": r"\A([+-]?)(?:[\t\n\f\r ]*[$€£¥][\t\n\f\r ]*)?((?:.|\n)*?)(?:[\t\n\f\r ]*[%€円])?\Z",
        "number": r"[+-]?(([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?|[iI][nN][fF]([iI][nN][iI][tT][yY])?)",
    }

    @classmethod
    def examine(cls, column: Column, how: dict[str, Any], *, forced: bool, missing: tuple[str, ...]) -> Iterator[Problem]:
        parsed = parsing.numbers(parsing.plain(column.values), decimal=how["decimal"], missing=missing)
        yield from findings.infinite(column, parsed.values)
        yield from findings.unlike(column, parsed.bad, cls.wanted)
        yield from findings.absent(column, int(np.isnan(parsed.values).sum() - parsed.bad.sum()))

    def raw(self, column: Column) -> Raw:
        parsed = self._parsed(column)
        return Raw.of(len(column), numbers=parts.finite(parsed.values)[:, None], bad=parsed.bad)

    def unfamiliar(self, column: Column) -> Iterator[Problem]:
        parsed = self._parsed(column)
        yield from findings.unlike(column, parsed.bad, self.wanted, learned=True)
        yield from findings.infinite(column, parsed.values)

    def _parsed(self, column: Column) -> parsing.Parsed:
        return parsing.numbers(single(column), decimal=self.how["decimal"], missing=self.missing)

    def schema(self) -> dict[str, Any]:
        return {"type": ["number", "null"]}

    def shown(self, cell: Any) -> dict[str, Any]:
        """A number that a text table holds as text; anything else as it is."""
        try:
            return {self.name: float(cell) if isinstance(cell, str) else cell}
        except ValueError:
            return {self.name: cell}

    def portable(self) -> dict[str, Any]:
        return _MARKS[self.how["decimal"]]

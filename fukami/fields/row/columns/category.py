"""A column of words of a limited set."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa

from fukami.core.cards import ColumnCard
from fukami.core.language import _, _n
from fukami.core.percent import percent
from fukami.core.problems import Problem
from fukami.core.tables import Column
from fukami.fields import parsing
from fukami.fields.parsing import pc
from fukami.fields.row.columns import findings, parts
from fukami.fields.row.columns.contract import LearnedColumn, Raw, single
from fukami.fields.row.columns.recognise import ENOUGH

CARD = ColumnCard(name="category", summary="one of a limited set of words", code=("row_category",))

_KNOWN = 12
"""Known values that a message names."""


@dataclass(frozen=True)
class CategoryColumn(LearnedColumn):
    """One category: the learned values have codes from 1, every other one has 0."""

    kind: ClassVar[str] = "category"

    @classmethod
    def examine(cls, column: Column, how: dict[str, Any], *, forced: bool, missing: tuple[str, ...]) -> Iterator[Problem]:
        array = parsing.plain(column.values)
        if parsing.is_text(array) and not forced:
            yield from _mixed(column, array, missing)
        yield from findings.absent(column, findings.count_absent(array, missing))

    def completed(self, column: Column, options: Any, *, sample: np.ndarray | None, knots: int) -> "CategoryColumn":
        return replace(self, told=self.told | {"categories": [parts.category(self.name, self._words(column), options)]})

    def raw(self, column: Column) -> Raw:
        at = pc.index_in(self._words(column), pa.array(self.categories[0]["values"], pa.string()), skip_nulls=True)
        codes = pc.fill_null(at, -1).to_numpy(zero_copy_only=False).astype(np.int64) + 1
        return Raw.of(len(column), codes=codes[:, None])

    def unfamiliar(self, column: Column) -> Iterator[Problem]:
        codes = self.raw(column).codes[:, 0]
        rows = np.flatnonzero((codes == 0) & np.asarray(self._words(column).is_valid()))
        if not len(rows):
            return
        values = self.categories[0]["values"]
        yield Problem(
            code="F-COLUMN-UNKNOWN",
            severity="note",
            what=_n(
                "column {name} has {count} cell ({share}) whose value was not in training, or too rare to be learned",
                "column {name} has {count} cells ({share}) whose values were not in training, or too rare to be learned",
                len(rows),
                count=len(rows),
                name=column.name,
                share=percent(len(rows) / len(column)),
            ),
            where=findings.places(column, rows),
            expected=", ".join(values[:_KNOWN]) + (", …" if len(values) > _KNOWN else ""),
            got=findings.examples(column, rows),
            fix=_("correct the spelling, or train again with examples of them; until then they count as unknown"),
            count=len(rows),
        )

    def _words(self, column: Column) -> pa.Array:
        return parsing.strings(single(column), missing=self.missing)

    def describe(self) -> dict[str, Any]:
        part = self.categories[0]
        told = {"missing": part["missing"], "values": len(part["values"]), "most": part["values"][:5]}
        return {"name": self.name, "kind": self.kind, **told}

    def schema(self) -> dict[str, Any]:
        """The values are examples: an unseen one is allowed, and counts as unknown."""
        return {"type": ["string", "null"], "examples": self.categories[0]["values"][:50]}

    def portable(self) -> dict[str, Any]:
        return {"values": {value: code for code, value in enumerate(self.categories[0]["values"], 1)}}

    def usual(self) -> Any:
        return next(iter(self.categories[0]["values"]), None)


def _mixed(column: Column, array: pa.Array, missing: tuple[str, ...]) -> Iterator[Problem]:
    """A column of words in which most cells are numbers is seldom meant so."""
    parsed = parsing.numbers(array, decimal=parsing.decimal_mark(array), missing=missing)
    known = parsed.bad.sum() + np.isfinite(parsed.values).sum()
    if known and 0.5 <= np.isfinite(parsed.values).sum() / known < ENOUGH:
        rows = np.flatnonzero(parsed.bad)
        yield Problem(
            code="F-COLUMN-MIXED",
            severity="warning",
            what=_n(
                "column {name} mixes numbers with {count} cell that is not; it is read as categories",
                "column {name} mixes numbers with {count} cells that are not; it is read as categories",
                len(rows),
                count=len(rows),
                name=column.name,
            ),
            where=findings.places(column, rows),
            got=findings.examples(column, rows),
            fix=_(
                "if these cells mean missing: --set missing={word}; to read the column as numbers: --set number={name}"
            ).format(name=column.name, word=findings.examples(column, rows[:1])),
            count=len(rows),
        )

"""A column of words of a limited set."""

import re
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
from fukami.fields import parsing, personal
from fukami.fields.parsing import pc
from fukami.fields.row.columns import findings, parts
from fukami.fields.row.columns.contract import LearnedColumn, Raw, single

CARD = ColumnCard(name="category", summary="one of a limited set of words", code=("row_category",))

_WHOLE = r"^([+-]?[0-9]+)\.0+$"
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
            yield from findings.mixed(column, array, missing)
        yield from findings.absent(column, findings.count_absent(array, missing))

    def completed(self, column: Column, options: Any, *, sample: np.ndarray | None, knots: int) -> "CategoryColumn":
        part = parts.category(self.name, self._words(column), options, hidden=personal.holds_any)
        return replace(self, told=self.told | {"categories": [part]})

    def raw(self, column: Column) -> Raw:
        at = pc.index_in(self._words(column), pa.array(self._values, pa.string()), skip_nulls=True)
        codes = pc.fill_null(at, -1).to_numpy(zero_copy_only=False).astype(np.int64) + 1
        return Raw.of(len(column), codes=codes[:, None])

    def unfamiliar(self, column: Column) -> Iterator[Problem]:
        codes, words = self.raw(column).codes[:, 0], self._words(column)
        yield from findings.newly_missing(column, words.null_count, self.categories[0])
        rows = np.flatnonzero((codes == 0) & np.asarray(words.is_valid()))
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
        """The cells as words; 3.0 is 3, as an empty cell beside it makes of it elsewhere."""
        return pc.replace_substring_regex(parsing.strings(single(column), missing=self.missing), _WHOLE, r"\1")

    @property
    def _values(self) -> list[str]:
        return [re.sub(_WHOLE, r"\1", value) for value in self.categories[0]["values"]]

    def describe(self) -> dict[str, Any]:
        part = self.categories[0]
        told = {"missing": part["missing"], "values": len(part["values"]), "most": part["values"][:5]}
        return {"name": self.name, "kind": self.kind, **told}

    def schema(self) -> dict[str, Any]:
        """The values are examples: an unseen one is allowed, and counts as unknown."""
        return {"type": ["string", "null"], "examples": self.categories[0]["values"][:50]}

    def portable(self) -> dict[str, Any]:
        return {"values": {value: code for code, value in reversed([*enumerate(self._values, 1)])}}

    def usual(self) -> Any:
        return next(iter(self.categories[0]["values"]), None)

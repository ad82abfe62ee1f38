"""A column of personal data that is an input because somebody asked for it: one of a set of words, none of which is kept.

Words are told apart by their hashes; the run, its sketches and its exports hold nothing else of them.
"""

import hashlib
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

CARD = ColumnCard(
    name="personal",
    summary="names, addresses or numbers of people that were asked for: one of a limited set, kept as hashes",
    code=("row_personal",),
)


@dataclass(frozen=True)
class PersonalColumn(LearnedColumn):
    """One category: the hashes of the learned words have codes from 1, every other one has 0."""

    kind: ClassVar[str] = "personal"

    @classmethod
    def examine(cls, column: Column, how: dict[str, Any], *, forced: bool, missing: tuple[str, ...]) -> Iterator[Problem]:
        yield Problem(
            code="F-COLUMN-PERSONAL",
            severity="warning",
            what=_("column {name} holds personal data ({what}); it is an input because that was asked for").format(
                name=column.name, what=_(how["personal"])
            ),
            where=findings.place(column),
            fix=_("leave it out unless it is needed; its words are kept as hashes"),
            count=len(column),
        )

    def completed(self, column: Column, options: Any, *, sample: np.ndarray | None, knots: int) -> "PersonalColumn":
        return replace(self, told=self.told | {"categories": [parts.category(self.name, self._words(column), options)]})

    def raw(self, column: Column) -> Raw:
        at = pc.index_in(self._words(column), pa.array(self.categories[0]["values"], pa.string()), skip_nulls=True)
        codes = pc.fill_null(at, -1).to_numpy(zero_copy_only=False).astype(np.int64) + 1
        return Raw.of(len(column), codes=codes[:, None])

    def unfamiliar(self, column: Column) -> Iterator[Problem]:
        rows = np.flatnonzero((self.raw(column).codes[:, 0] == 0) & np.asarray(self._words(column).is_valid()))
        if len(rows):
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
                count=len(rows),
            )

    def _words(self, column: Column) -> pa.Array:
        coded = parsing.strings(single(column), missing=self.missing).dictionary_encode()
        return pa.array([hashed(word) for word in coded.dictionary.to_pylist()], pa.string()).take(coded.indices)

    def describe(self) -> dict[str, Any]:
        part = self.categories[0]
        return {"name": self.name, "kind": self.kind, "missing": part["missing"], "values": len(part["values"])}

    def schema(self) -> dict[str, Any]:
        return {"type": ["string", "null"]}

    def shown(self, cell: Any) -> dict[str, Any]:
        return {self.name: None if cell is None else hashed(str(cell))}

    def portable(self) -> dict[str, Any]:
        return {"values": {value: code for code, value in enumerate(self.categories[0]["values"], 1)}}

    def usual(self) -> Any:
        return None


def hashed(word: str) -> str:
    """What stands for a word of a personal column; 3.0 is 3.

    >>> hashed("山田") == hashed("山田"), hashed("3.0") == hashed("3"), "山" in hashed("山田")
    (True, True, False)
    """
    whole, _point, rest = word.partition(".")
    word = whole if whole.removeprefix("-").isdecimal() and rest and not rest.strip("0") else word
    return hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()

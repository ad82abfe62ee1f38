"""A column of longer strings that hardly repeat: their length and number of words."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa

from fukami.core.cards import ColumnCard
from fukami.core.problems import Problem
from fukami.core.tables import Column
from fukami.fields import parsing
from fukami.fields.parsing import pc
from fukami.fields.row.columns import findings
from fukami.fields.row.columns.contract import LearnedColumn, Raw, single

CARD = ColumnCard(
    name="text", summary="longer strings that hardly repeat: their length and number of words", code=("row_text",)
)


@dataclass(frozen=True)
class TextColumn(LearnedColumn):
    """Two numbers: characters and words."""

    kind: ClassVar[str] = "text"

    @classmethod
    def examine(cls, column: Column, how: dict[str, Any], *, forced: bool, missing: tuple[str, ...]) -> Iterator[Problem]:
        yield from findings.measured(column)
        yield from findings.mixed(column, parsing.plain(column.values), missing)
        yield from findings.absent(column, findings.count_absent(parsing.plain(column.values), missing))

    def number_names(self, count: int) -> list[str]:
        return [f"{self.name} (characters)", f"{self.name} (words)"]

    def raw(self, column: Column) -> Raw:
        words = parsing.strings(single(column), missing=self.missing)
        characters = pc.utf8_length(words).cast(pa.float64()).to_numpy(zero_copy_only=False)
        spaces = pc.count_substring_regex(words, r"\s+").cast(pa.float64()).to_numpy(zero_copy_only=False)
        return Raw.of(len(column), numbers=np.stack([characters, 1 + spaces], axis=1))

    def usual(self) -> str:
        return "two words"

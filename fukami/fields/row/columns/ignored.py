"""A column that nothing can be learned from: a constant, an identifier, empty, or lists and records."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from fukami.core.cards import ColumnCard
from fukami.core.language import _
from fukami.core.problems import Problem
from fukami.core.tables import Column
from fukami.fields.row.columns import findings
from fukami.fields.row.columns.contract import LearnedColumn, Raw

CARD = ColumnCard(name="ignored", summary="a constant, an identifier, an empty column, lists: nothing can be learned from it")


@dataclass(frozen=True)
class IgnoredColumn(LearnedColumn):
    """`how["why"]` is constant, identifier, empty, nested, unreadable or personal."""

    kind: ClassVar[str] = "ignored"
    used: ClassVar[bool] = False

    @classmethod
    def examine(cls, column: Column, how: dict[str, Any], *, forced: bool, missing: tuple[str, ...]) -> Iterator[Problem]:
        why = how["why"]
        if why == "constant":
            what, fix = _("column {name} holds the same value in every row, so it is left out"), ""
        elif why == "empty":
            what, fix = _("column {name} is empty, so it is left out"), ""
        elif why == "identifier":
            what = _("column {name} looks like an identifier, different in every row, so it is left out")
            fix = _("if it is a quantity: --set number={name}; if it names a kind: --set category={name}").format(
                name=column.name
            )
        elif why == "personal":
            what = _("column {name} holds personal data, so it is left out")
            fix = _("if it has to be an input: --set keep={name}; its words are then kept as hashes").format(name=column.name)
        elif why == "unreadable":
            what = _("no cell of column {name} can be read as what it was said to be")
            fix = _("correct its cells, or leave it to be found out what they are")
        else:
            what = _("column {name} holds lists or records, which a row cannot use, so it is left out")
            fix = _("spread it over several columns, one value each")
        yield Problem(
            code=f"F-COLUMN-{why.upper()}",
            severity={"constant": "note", "unreadable": "error"}.get(why, "warning"),
            what=what.format(name=column.name),
            where=findings.place(column),
            got=_got(column, how),
            fix=fix,
            count=len(column),
        )

    def completed(self, column: Column, options: Any, *, sample: np.ndarray | None, knots: int) -> "IgnoredColumn":
        return self

    def raw(self, column: Column) -> Raw:
        return Raw.of(len(column))

    def describe(self) -> dict[str, Any]:
        return {"name": self.name, "kind": self.kind, "why": self.how["why"]}


def _got(column: Column, how: dict[str, Any]) -> str:
    if how["why"] == "unreadable":
        return findings.examples(column, np.arange(min(3, len(column))))
    return _(how["personal"]) if "personal" in how else ""

"""From a kind's name to its class, and from what a run recorded back to a column that has learned."""

from functools import cache
from typing import Any

from fukami.core.cards import load
from fukami.fields.row.columns.contract import LearnedColumn


@cache
def column_class(kind: str) -> type[LearnedColumn]:
    """The class of this kind of column."""
    known = vars(load("fields/row/columns", kind)).values()
    (only,) = (v for v in known if isinstance(v, type) and v.__dict__.get("kind") == kind)
    return only


def learned(told: dict[str, Any], missing: tuple[str, ...] = ()) -> LearnedColumn:
    """The column that a run describes with `told`."""
    return column_class(told["kind"])(told, missing)

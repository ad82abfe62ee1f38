"""Which kind a column is, from its cells."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from fukami.core.tables import Column
from fukami.fields import parsing
from fukami.fields.parsing import pc
from fukami.fields.row.columns.parts import finite

ENOUGH = 0.95
"""Share of the non-missing cells that must read as a number or a date for the column to be one."""
IDENTIFIER_ROWS = 50
"""Fewer rows than this say nothing about whether a column numbers them."""


class Forced(NamedTuple):
    """Columns whose kind the user names."""

    category: Sequence[str] = ()
    number: Sequence[str] = ()
    date: Sequence[str] = ()

    def kind(self, name: str) -> str:
        return next((kind for kind, names in self._asdict().items() if name in names), "")


def kind_of(
    column: Column, *, forced: str = "", max_categories: int, missing: tuple[str, ...] = ()
) -> tuple[str, dict[str, Any]]:
    """The kind of a column and how to read it; for an ignored one `how["why"]` is constant, identifier, empty or nested.

    >>> import pyarrow as pa
    >>> kind_of(Column("price", pa.array(["1,50", "2,25", "?"])), max_categories=200)
    ('number', {'decimal': ','})
    """
    if column.is_array and column.values.ndim > 1:
        return "vector", {"size": int(np.prod(column.values.shape[1:]))}
    array = parsing.plain(column.values)
    if not parsing.is_scalar(array):
        return _ignored("nested")
    if array.null_count == len(array):
        return _ignored("empty")
    if not parsing.is_text(array):
        return _typed(column.name, array, forced, missing)
    return _text(column.name, array, forced, max_categories, missing)


def _typed(name: str, array: pa.Array, forced: str, missing: tuple[str, ...]) -> tuple[str, dict[str, Any]]:
    if forced == "category" or (pa.types.is_boolean(array.type) and not forced):
        return _unless_constant("category", {}, parsing.strings(array, missing=missing))
    if pa.types.is_date(array.type) or pa.types.is_timestamp(array.type):
        return _unless_constant("date", {"form": ""}, array)
    return _number(name, parsing.numbers(array).values, {"decimal": "."}, forced)


def _text(name: str, array: pa.Array, forced: str, max_categories: int, missing: tuple[str, ...]) -> tuple[str, dict[str, Any]]:
    ordinary = parsing.ordinary_numbers(array) if forced in ("", "number") and not missing else None
    if ordinary is not None and not _may_be_days(ordinary):
        return _number(name, ordinary, {"decimal": "."}, forced)
    words = parsing.strings(array, missing=missing)
    known = len(words) - words.null_count
    if not known:
        return _ignored("empty")
    if forced == "category":
        return _unless_constant("category", {}, words)
    form = parsing.date_form(array, missing=missing)
    moments = parsing.dates(array, form=form, missing=missing)
    compact = form == "compact" and not forced  # eight digits are a date only where all of them are
    if forced == "date" or 1 - moments.bad.sum() / known >= (1.0 if compact else ENOUGH):
        return _unless_constant("date", {"form": form}, words)
    decimal = parsing.decimal_mark(array)
    parsed = parsing.numbers(array, decimal=decimal, missing=missing)
    if forced == "number" or 1 - parsed.bad.sum() / known >= ENOUGH:
        return _number(name, parsed.values, {"decimal": decimal}, forced)
    distinct = pc.count_distinct(words).as_py()
    if known >= IDENTIFIER_ROWS and distinct > 0.98 * known and not pc.any(pc.match_substring(words, " ")).as_py():
        return _ignored("identifier")
    if distinct > max_categories and distinct > 0.5 * known:
        return "text", {}
    return _unless_constant("category", {}, words)


def _may_be_days(values: np.ndarray) -> bool:
    """Whether numbers could all be days in eight digits (20240229)."""
    known = values[~np.isnan(values)]
    return bool(((known >= 1e7) & (known < 1e8) & (known == np.round(known))).all())


def _number(name: str, values: np.ndarray, how: dict[str, Any], forced: str) -> tuple[str, dict[str, Any]]:
    known = values[np.isfinite(finite(values))]
    if not len(known):
        return _ignored("empty")
    if len(known) == len(values) and known.min() == known.max():
        return _ignored("constant")
    return _ignored("identifier") if not forced and numbers_the_rows(name, known) else ("number", how)


def _ignored(why: str) -> tuple[str, dict[str, Any]]:
    return "ignored", {"why": why}


def _unless_constant(kind: str, how: dict[str, Any], array: pa.Array) -> tuple[str, dict[str, Any]]:
    constant = array.null_count == 0 and pc.count_distinct(array).as_py() == 1
    return _ignored("constant") if constant else (kind, how)


def numbers_the_rows(name: str, values: np.ndarray) -> bool:
    """Whether these values are a row number or a key: whole, all distinct, and nearly without gaps or named so."""
    if len(values) < IDENTIFIER_ROWS or not np.all(values == np.round(values)):
        return False
    if len(np.unique(values)) < len(values):
        return False
    dense = np.ptp(values) + 1 <= 2 * len(values)
    return bool(dense) or parsing.named_like_identifier(name)

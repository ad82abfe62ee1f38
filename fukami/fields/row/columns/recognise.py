"""Which kind a column is, and how its cells are read, from its training cells."""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from fukami.core.tables import Column
from fukami.fields import parsing
from fukami.fields.parsing import pc
from fukami.fields.reading import column as reading
from fukami.fields.reading import dates, numbers, spans
from fukami.fields.reading.column import ENOUGH
from fukami.fields.row.columns.parts import finite

IDENTIFIER_ROWS = 50
"""Fewer rows than this say nothing about whether a column numbers them."""
_DECIMALS = r"(^|[-+])0?[.][0-9]|[0-9]{4,}[.]|[.]([0-9]{1,2}|[0-9]{4,})(e|E|$)"
"""A number whose point can only begin decimals."""
_COUNTED = re.compile(r"Unnamed: 0(\.\d+)?|")
"""What a row number that a data frame wrote is called: nothing, or what reading that gives."""


class Forced(NamedTuple):
    """Columns whose kind the user names."""

    category: Sequence[str] = ()
    number: Sequence[str] = ()
    date: Sequence[str] = ()

    def kind(self, name: str) -> str:
        return next((kind for kind, names in self._asdict().items() if name in names), "")


class Asked(NamedTuple):
    """How columns are to be looked at: the kind that the user names, and what is said of marks, orders and missing values."""

    forced: str = ""
    max_categories: int = 200
    missing: tuple[str, ...] = ()
    decimal: str = "auto"
    order: str = "auto"


def kind_of(column: Column, asked: Asked = Asked()) -> tuple[str, dict[str, Any]]:  # noqa: B008
    """The kind of a column and how to read it. Why one is ignored: constant, identifier, empty, nested, unreadable.

    >>> import pyarrow as pa
    >>> kind, how = kind_of(Column("price", pa.array(["1,50", "2,25", "?"])))
    >>> kind, how["decimal"]
    ('number', ',')
    """
    if column.is_array and column.values.ndim > 1:
        return "vector", {"size": int(np.prod(column.values.shape[1:]))}
    array = parsing.plain(column.values)
    if not parsing.is_scalar(array):
        return _ignored("nested")
    if array.null_count == len(array):
        return _ignored("empty")
    name = column.told.get("name", column.name)
    if not parsing.is_text(array):
        return _typed(name, array, asked)
    return _text(name, array, asked, column.told.get("decimal", ""))


def _typed(name: str, array: pa.Array, asked: Asked) -> tuple[str, dict[str, Any]]:
    if asked.forced == "category" or (pa.types.is_boolean(array.type) and not asked.forced):
        return _unless_constant("category", {}, parsing.strings(array, missing=asked.missing))
    if pa.types.is_date(array.type) or pa.types.is_timestamp(array.type):
        zone = reading.zone_of(array)
        return _unless_constant("date", dates.written("ymd", zone) | {"zoned": float(zone is not None)}, array)
    if asked.forced == "date":
        return _text(name, parsing.strings(array), asked, "")
    how = reading.PLAIN
    if parsing.is_span(array):
        how = spans.written("steps" if pa.types.is_duration(array.type) else "clock") | {"bare": 1}
    return _number(name, reading.numbers(array, how).values, how, asked.forced)


def _text(name: str, array: pa.Array, asked: Asked, told: str) -> tuple[str, dict[str, Any]]:
    forced, missing = asked.forced, asked.missing
    told = told if asked.decimal == "auto" else asked.decimal
    codes = not forced and reading.holds_codes(array)
    ordinary = parsing.ordinary_numbers(array) if forced in ("", "number") and not missing and not codes else None
    if ordinary is not None and not _doubtful(array, told) and not _may_be_days(ordinary):
        return _number(name, ordinary, numbers.written(decimal=told or ".", zeros=bool(forced)), forced)
    words = parsing.strings(array, missing=missing)
    known = len(words) - words.null_count
    if not known:
        return _ignored("empty")
    if forced == "category":
        return _unless_constant("category", {}, words)
    kinds = (forced,) if forced else ("date", "number")
    said = {"told": told, "decimal": asked.decimal, "order": asked.order, "missing": missing, "forced": bool(forced)}
    found = reading.learned(array, kinds=kinds, **said)
    if found.how.get("form") == "compact" and not forced and not _all_days(words, found.how):
        found = reading.learned(array, kinds=("number",), **said)
    if forced and not found.share:
        return _ignored("unreadable")
    if found.kind == "date" and (forced or found.share >= ENOUGH):
        return _unless_constant("date", found.how, words)
    if found.kind == "number" and (forced or found.share >= ENOUGH) and not codes:
        return _number(name, reading.numbers(array, found.how, missing=missing).values, found.how, forced)
    return _words(words, known, asked, codes=codes)


def _words(words: pa.Array, known: int, asked: Asked, *, codes: bool) -> tuple[str, dict[str, Any]]:
    distinct = pc.count_distinct(words).as_py()
    if known >= IDENTIFIER_ROWS and distinct > 0.98 * known and not pc.any(pc.match_substring(words, " ")).as_py():
        return _ignored("identifier")
    if distinct > asked.max_categories and distinct > 0.5 * known and not codes:
        return "text", {}
    return _unless_constant("category", {}, words)


def _all_days(words: pa.Array, how: dict[str, Any]) -> bool:
    """Whether all words of eight digits are days: else they are numbers."""
    eight = words.filter(pc.match_substring_regex(words, "^[0-9]{8}$"))
    return not reading.moments(eight, how).bad.any()


def _doubtful(array: pa.Array, told: str) -> bool:
    """Whether points may divide thousands: where none can only begin decimals, or the file has commas for that."""
    few = array.slice(0, 1000)
    if told != "," and pc.any(pc.match_substring_regex(few, _DECIMALS)).as_py():
        return False
    points = bool(pc.any(pc.match_substring(array, ".")).as_py())
    return points and (told == "," or (not told and not pc.any(pc.match_substring_regex(array, _DECIMALS)).as_py()))


def _may_be_days(values: np.ndarray) -> bool:
    """Whether numbers could all be days in eight digits (20240229)."""
    known = values[~np.isnan(values)]
    return bool(((known >= 1e7) & (known < 1e8) & (known == np.round(known))).all())


def _number(name: str, values: np.ndarray, how: dict[str, Any], forced: str) -> tuple[str, dict[str, Any]]:
    known = values[np.isfinite(finite(values))]
    if not len(known):
        return _ignored("unreadable" if forced else "empty")
    if len(known) == len(values) and known.min() == known.max():
        return _ignored("constant")
    return _ignored("identifier") if not forced and numbers_the_rows(name, known) else ("number", how)


def _ignored(why: str) -> tuple[str, dict[str, Any]]:
    return "ignored", {"why": why}


def _unless_constant(kind: str, how: dict[str, Any], array: pa.Array) -> tuple[str, dict[str, Any]]:
    constant = array.null_count == 0 and pc.count_distinct(array).as_py() == 1
    return _ignored("constant") if constant else (kind, how)


def numbers_the_rows(name: str, values: np.ndarray) -> bool:
    """Whether these values are a row number or a key: whole, all distinct, and nearly without gaps or named so.

    >>> numbers_the_rows("Unnamed: 0", np.array([3.0, 1.0, 3.0])), numbers_the_rows("age", np.array([3.0, 1.0, 2.0]))
    (True, False)
    """
    if not np.all(values == np.round(values)):
        return False
    if _COUNTED.fullmatch(name):
        return True
    if len(values) < IDENTIFIER_ROWS or len(np.unique(values)) < len(values):
        return False
    dense = np.ptp(values) + 1 <= 2 * len(values)
    return bool(dense) or parsing.named_like_identifier(name)

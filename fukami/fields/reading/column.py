"""Whole columns: what they say (`learned`), and their cells by what was learned (`numbers`, `moments`).

A reading is plain data, kept in the run; each distinct word is read once. Cells that it does not fit are `bad`: they count as
missing, are told, and are never read by another rule. N cells.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from fukami.fields import parsing
from fukami.fields.cells import is_number
from fukami.fields.parsing import Parsed, pc
from fukami.fields.reading import dates as _dates
from fukami.fields.reading import numbers as _numbers
from fukami.fields.reading import spans as _spans
from fukami.fields.reading.cell_date import moment_of
from fukami.fields.reading.cell_number import number_of
from fukami.fields.reading.cell_span import span_of

MOST = 5000
"""Distinct words that a reading is decided from."""
ENOUGH = 0.85
"""Share of the non-missing cells that must read as a number or a date for the column to be one; the others are told."""
_ISO = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?)?$"
_CODE = r"^\s*[+-]?0[0-9]+\s*$"
PLAIN = _numbers.written()
"""Numbers as programs write them."""


class Moments(NamedTuple):
    """`values` datetime64[us] (N) on the column's clock with NaT for missing; which cells are `bad`, and which name a zone."""

    values: np.ndarray
    bad: np.ndarray
    zoned: np.ndarray


class Reading(NamedTuple):
    """A kind (number or date; "" for neither), how it is written, and the share of the words that it reads."""

    kind: str
    how: dict[str, Any]
    share: float


NEITHER = Reading("", {}, 0.0)


# -- learning --------------------------------------------------------------------------------------------------------------
def learned(
    array: pa.Array,
    *,
    kinds: Sequence[str] = ("date", "number"),
    told: str = "",
    decimal: str = "auto",
    order: str = "auto",
    missing: tuple[str, ...] = (),
    forced: bool = False,
) -> Reading:
    """The likeliest reading of a column of words: a date before a time before a number, the first that reads enough of them.

    `told` is the decimal mark of the rest of the file, `forced` whether the user named the kind.

    >>> learned(pa.array(["3,14", "2,7"])).how["decimal"], learned(pa.array(["14:30", "9:05"])).how["form"]
    (',', 'clock')
    """
    words = sampled(array, missing)
    total, found = sum(words.values()), []
    if "date" in kinds:
        found.append(("date", _dates.learned(words, order=order), lambda w, how: moment_of(w, how) is not None))
    if "number" in kinds:
        found.append(("number", _spans.learned(words), lambda w, how: span_of(w, how) is not None))
        how = _numbers.learned(words, told=told, decimal=decimal, forced=forced)
        found.append(("number", how, lambda w, how: number_of(w, how) is not None))
    readings = [
        Reading(kind, how, sum(n for word, n in words.items() if fits(word, how)) / total) for kind, how, fits in found if how
    ]
    sure = (reading for reading in readings if reading.share >= ENOUGH)
    return next(sure, max(readings, key=lambda reading: reading.share, default=NEITHER))


def sampled(array: pa.Array, missing: tuple[str, ...] = ()) -> dict[str, int]:
    """Words and how often they stand there, at most `MOST`, from all over the column."""
    words, at = parsing.distinct(array, missing)
    counts = np.bincount(at, minlength=len(words) + 1)[: len(words)]
    rows = np.arange(0, len(words), max(1, -(-len(words) // MOST)))
    return dict(zip(words.take(pa.array(rows)).to_pylist(), counts[rows].tolist(), strict=True))


def holds_codes(array: pa.Array) -> bool:
    """Whether whole numbers with zeros in front are more than an odd cell: `00501` is a code."""
    code = pc.fill_null(pc.match_substring_regex(array, _CODE), False)
    share = float(np.asarray(code).mean()) if len(array) else 0.0
    return share >= 0.01


# -- reading ---------------------------------------------------------------------------------------------------------------
def numbers(array: pa.Array, how: Mapping[str, Any] | None = None, *, missing: tuple[str, ...] = ()) -> Parsed:
    """float64 with NaN for missing; seconds of times and spans. Without `how` the cells are read as they suggest themselves.

    >>> numbers(pa.array(["1,234.5", "$3", "?", "many"])).values.tolist()
    [1234.5, 3.0, nan, nan]
    """
    if not parsing.is_text(array):
        return _typed(array, how or PLAIN)
    how = how or learned(array, kinds=("number",), missing=missing).how or PLAIN
    if not missing and (ordinary := _ordinary(array, how)) is not None:
        return Parsed(ordinary, np.zeros(len(ordinary), bool))
    read = number_of if how["form"] == "number" else span_of
    words, at = parsing.distinct(array, missing)
    if (ordinary := _ordinary(words, how)) is not None:  # beside words for missing values
        return Parsed(np.append(ordinary, np.nan)[at], np.zeros(len(at), bool))
    found = [read(word, how) for word in words.to_pylist()]
    bad = np.array([value is None for value in found] + [False])
    return Parsed(np.array([np.nan if value is None else value for value in found] + [np.nan])[at], bad[at])


def numbers_for_sure(array: pa.Array) -> Parsed:
    """Numbers where the user says that they are: zeros may stand in front.

    >>> numbers_for_sure(pa.array(["01", "02", "12"])).values.tolist()
    [1.0, 2.0, 12.0]
    """
    return numbers(array, learned(array, kinds=("number",), forced=True).how or None if parsing.is_text(array) else None)


def _ordinary(array: pa.Array, how: Mapping[str, Any]) -> np.ndarray | None:
    """The numbers of cells that are all written as programs write them, read twenty times as fast; else None."""
    if how["form"] != "number" or how["bare"] != 1:
        return None
    odd = _any(array, _CODE) or (how["decimal"] == "," and _any(array, "[.]"))
    return None if odd else parsing.ordinary_numbers(array)


def _typed(array: pa.Array, how: Mapping[str, Any]) -> Parsed:
    parsed = parsing.typed_numbers(array)
    bare = 1 if parsing.is_span(array) else how.get("bare", 0)
    if bare:
        return Parsed(parsed.values * bare, parsed.bad)
    return Parsed(np.full(len(array), np.nan), parsed.bad | ~np.isnan(parsed.values))


def moments(array: pa.Array, how: Mapping[str, Any] | None = None, *, missing: tuple[str, ...] = ()) -> Moments:
    """Days and moments. Without `how` the cells are read as they suggest themselves.

    >>> moments(pa.array(["2024-02-29", "2023-02-29"])).values.astype("datetime64[D]").tolist()
    [datetime.date(2024, 2, 29), None]
    """
    if not parsing.is_text(array):
        return _typed_moments(array, how)
    how = how or learned(array, kinds=("date",), missing=missing).how or _dates.written("ymd")
    words, at = parsing.distinct(array, missing)
    if how["form"] == "ymd" and not pc.any(pc.invert(pc.match_substring_regex(words, _ISO))).as_py():
        try:
            values = parsing.numpy(words.cast(pa.timestamp("us"))).astype("datetime64[us]")
            values, none = np.append(values, np.datetime64("NaT", "us"))[at], np.zeros(len(at), bool)
            return Moments(values, none, none)
        except pa.ArrowInvalid:  # a day that is in no calendar
            pass
    found = [moment_of(word, how) for word in words.to_pylist()]
    values = np.array([None if one is None else one[0] for one in found] + [None], "datetime64[us]")
    zoned = np.array([one is not None and one[1] for one in found] + [False])
    bad = np.array([one is None for one in found] + [False])
    return Moments(values[at], bad[at], zoned[at])


def zone_of(array: pa.Array) -> int | None:
    """The minutes that the clock of typed moments is ahead of UTC; UTC where they vary; None where they name no zone."""
    if not (pa.types.is_timestamp(array.type) and array.type.tz):
        return None
    ahead = _apart(array).drop_null().unique().to_pylist()
    return ahead[0] if len(ahead) == 1 else 0


def _apart(array: pa.Array) -> pa.Array:
    """Minutes between a clock of the array's zone and UTC, of each moment."""
    naive = array.cast(pa.timestamp(array.type.unit, "UTC")).cast(pa.timestamp(array.type.unit))
    return pc.minutes_between(naive, pc.local_timestamp(array))


def _typed_moments(array: pa.Array, how: Mapping[str, Any] | None) -> Moments:
    if how and is_number(array):  # 20240229
        return moments(parsing.strings(array), how)
    none = np.zeros(len(array), bool)
    if not (pa.types.is_date(array.type) or pa.types.is_timestamp(array.type)):
        missing = parsing.numpy(array.is_null()).astype(bool)
        return Moments(np.full(len(array), np.datetime64("NaT", "us")), ~missing, none)
    zone, zoned = (how or {}).get("zone"), none
    if pa.types.is_timestamp(array.type) and array.type.tz:
        zoned = ~parsing.numpy(array.is_null()).astype(bool)
        if zone is None:
            array = pc.local_timestamp(array)
        else:
            array = array.cast(pa.timestamp(array.type.unit, "UTC")).cast(pa.timestamp(array.type.unit))
    values = parsing.numpy(array.cast(pa.timestamp("us"), safe=False)).astype("datetime64[us]")
    values = values + np.timedelta64(zone, "m") if zone and zoned.any() else values
    return Moments(values, none, zoned)


def _any(array: pa.Array, pattern: str) -> bool:
    return bool(pc.any(pc.match_substring_regex(array, pattern)).as_py())

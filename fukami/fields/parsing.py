"""Cells of a table → numbers, dates and strings, as people write them. Whole columns at a time, never cell by cell.

A column of a file arrives as strings; a column of a Parquet file, a DataFrame or an array arrives with its type. Both end as
NumPy: numbers as float64 with NaN for missing, dates as datetime64[us] with NaT, strings as Arrow strings with null.
Strings are parsed once per *distinct* value, so long columns of few values cost next to nothing.
"""

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as _compute

pc: Any = _compute  # its functions are made at import, so type checkers do not see them

MISSING = frozenset(
    (
        "",
        "?",
        "-",
        "--",
        ".",
        "na",
        "n/a",
        "n.a.",
        "nan",
        "-nan",
        "null",
        "none",
        "nil",
        "nat",
        "#n/a",
        "<na>",
        "(null)",
        "missing",
    )
)
"""What stands for "no value", in lower case. `unknown` is not here: people use it as a category of its own."""

NOTHING = frozenset(("", "nan", "-nan", "nat"))
"""What stands for it even where NA, None and the like are values of their own."""
KEPT = "\0"
"""Among further words for missing values: in this column only `NOTHING` and they are such words."""

_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_INFINITE = r"^[+-]?inf(inity)?$"
_GROUPED = {".": r"^[+-]?\d{1,3}(,\d{3})+(\.\d*)?$", ",": r"^[+-]?(\d+|\d{1,3}([. ]\d{3})+)(,\d*)?$"}
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_CLOCK = r"(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)(?::(?P<second>(?:[0-5]\d|60)(?:\.\d+)?))?"
_TIME = rf"(?:[T ]+{_CLOCK}(?: ?(?P<half>[AaPp][Mm]))?)?"
_ZONE = r" ?(?P<zone>Z|UTC|[+-]\d{2}:?\d{2})?"
_NAME = r"(?P<month>[A-Za-z]{3,9})"
_DATES = {
    "ymd": rf"^(?P<year>\d{{4}})[-/.年](?P<month>\d{{1,2}})[-/.月](?P<day>\d{{1,2}})日?{_TIME}{_ZONE}$",
    "compact": rf"^(?P<year>\d{{4}})(?P<month>\d{{2}})(?P<day>\d{{2}}){_TIME}{_ZONE}$",
    "mdy": rf"^(?P<month>\d{{1,2}})[-/.](?P<day>\d{{1,2}})[-/.](?P<year>\d{{4}}){_TIME}{_ZONE}$",
    "dmy": rf"^(?P<day>\d{{1,2}})[-/.](?P<month>\d{{1,2}})[-/.](?P<year>\d{{4}}){_TIME}{_ZONE}$",
    "named-dmy": rf"^(?:\w{{3,9}},? )?(?P<day>\d{{1,2}})[- ]{_NAME}\.?[- ,]+(?P<year>\d{{4}}){_TIME}{_ZONE}$",
    "named-mdy": rf"^(?:\w{{3,9}},? )?{_NAME}\.? (?P<day>\d{{1,2}}),? (?P<year>\d{{4}}){_TIME}{_ZONE}$",
}
DATE_FORMATS = tuple(_DATES)
"""The ways of writing a date, in the order in which they are tried: where a column fits several, the first one counts."""


def date_pattern(form: str) -> str:
    """The regular expression of a way of writing dates, with the groups year, month, day, hour, minute, second, half, zone."""
    return _DATES[form]


class Parsed(NamedTuple):
    """`values` (N), and which cells hold something that could not be understood (`bad`, bool N)."""

    values: np.ndarray
    bad: np.ndarray


def plain(values: Any) -> pa.Array:
    """Any one-dimensional cells as one Arrow array: not chunked, not dictionary-encoded, no pandas objects."""
    if isinstance(values, np.ndarray):
        return _from_numpy(values)
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks() if values.num_chunks != 1 else values.chunk(0)
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    return values


def _from_numpy(values: np.ndarray) -> pa.Array:
    if values.dtype.kind in "US":
        return pa.array(values.astype(str).tolist(), pa.string())
    if values.dtype.kind == "M":
        return pa.array(values.astype("datetime64[us]"))
    try:
        return pa.array(values, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError):  # objects of several types
        return pa.array([None if v is None or v != v else written(v) for v in values.tolist()], pa.string())


def is_text(array: pa.Array) -> bool:
    """Whether the cells are strings, so that their meaning has to be found out."""
    return pa.types.is_string(array.type) or pa.types.is_large_string(array.type) or pa.types.is_string_view(array.type)


def is_scalar(array: pa.Array) -> bool:
    """Whether one cell is one value, rather than a list, a record or bytes."""
    return not (pa.types.is_nested(array.type) or pa.types.is_binary(array.type) or pa.types.is_large_binary(array.type))


def strings(array: pa.Array, *, missing: tuple[str, ...] = ()) -> pa.Array:
    """Trimmed strings; what stands for "no value" becomes null. `missing` names further such words.

    >>> strings(pa.array([" a", "?", "NaN", "b "])).to_pylist()
    ['a', None, None, 'b']
    """
    if pa.types.is_floating(array.type) or pa.types.is_decimal(array.type):
        array = _written(array)
    array = array.cast(pa.string())
    coded = array.dictionary_encode()
    words = pc.utf8_trim_whitespace(coded.dictionary)
    gone = pc.is_in(pc.utf8_lower(words), pa.array(sorted(missing_words(missing))))
    truths = pc.is_in(pc.utf8_lower(words), pa.array(["true", "false"]))  # True and TRUE are one value
    words = pc.if_else(truths, pc.utf8_lower(words), words)
    return pc.if_else(gone, pa.scalar(None, pa.string()), words).take(coded.indices)


def missing_words(further: Iterable[str]) -> frozenset[str]:
    """All words for missing values, in lower case; `further` are the user's, and `KEPT` where most are none."""
    further = frozenset(word.lower() for word in further)
    return (NOTHING if KEPT in further else MISSING) | further - {KEPT}


def written(value: Any) -> str:
    """A cell as text. A whole number has no point: other cells of its column decide whether it arrives as 1 or as 1.0.

    >>> written(1.0), written(-0.0), written(2.5), written(1e15), written(1e31)
    ('1', '0', '2.5', '1000000000000000', '1e+31')
    """
    whole = isinstance(value, float) and value.is_integer() and -(2**63) <= value < 2**63
    return str(int(value) if whole else value)


def _written(array: pa.Array) -> pa.Array:
    """Numbers with a point as text; those of fewer bits in the digits that tell them apart there (0.1, not 0.10000000149)."""
    if not pa.types.is_float64(array.type):
        array = array.cast(pa.string()).cast(pa.float64())
    coded = array.dictionary_encode()
    words = [None if value != value else written(value) for value in coded.dictionary.to_pylist()]
    return pa.array(words, pa.string()).take(coded.indices)


def numbers(array: pa.Array, *, decimal: str = ".", missing: tuple[str, ...] = ()) -> Parsed:
    """float64 with NaN for missing. Understands `1,234.5`, `$3`, `12%`, `1e-3`, full-width digits; `decimal` is `.` or `,`.

    >>> numbers(pa.array(["1,234.5", "$3", "?", "many"])).values.tolist()
    [1234.5, 3.0, nan, nan]
    """
    if not is_text(array):
        return _typed_numbers(array)
    ordinary = ordinary_numbers(array) if decimal == "." and not missing else None
    if ordinary is not None:
        return Parsed(ordinary, np.zeros(len(ordinary), bool))
    words, at = _distinct(array, missing)
    words = _unadorned(words)
    grouped = pc.match_substring_regex(words, _GROUPED[decimal])
    if decimal == ",":
        ungrouped = pc.replace_substring(pc.replace_substring_regex(words, "[. ]", ""), ",", ".")
    else:
        ungrouped = pc.replace_substring(words, ",", "")
    words = pc.if_else(grouped, ungrouped, words)
    infinite = pc.match_substring_regex(words, _INFINITE, ignore_case=True)
    good = pc.or_(pc.match_substring_regex(words, _NUMBER), infinite)
    parsed = pc.if_else(good, words, pa.scalar(None, pa.string())).cast(pa.float64())
    distinct = np.append(_numpy(parsed), np.nan)
    bad = np.append(~_numpy(good).astype(bool), False)
    return Parsed(distinct[at], bad[at])


def ordinary_numbers(array: pa.Array) -> np.ndarray | None:
    """float64 of strings that are all numbers as programs write them, NaN for missing; None where one of them is not.

    Most columns of numbers are of this kind, and are read twenty times as fast for it.

    >>> ordinary_numbers(pa.array(["1.5", "-2e3", "nan", None])).tolist(), ordinary_numbers(pa.array(["1,234", "?"]))
    ([1.5, -2000.0, nan, nan], None)
    """
    try:
        return _numpy(array.cast(pa.float64()))
    except pa.ArrowInvalid:
        return None


def is_span(array: pa.Array) -> bool:
    """Whether the cells are spans of time or times of day, which are numbers of seconds, rather than days of a calendar."""
    return pa.types.is_duration(array.type) or pa.types.is_time(array.type)


def _seconds(array: pa.Array) -> pa.Array:
    unit = pa.duration("us") if pa.types.is_duration(array.type) else pa.time64("us")
    return pc.divide(array.cast(unit, safe=False).cast(pa.int64()).cast(pa.float64()), 1e6)


def _typed_numbers(array: pa.Array) -> Parsed:
    if is_span(array):
        array = _seconds(array)
    kind = array.type
    if pa.types.is_temporal(kind) or not is_scalar(array):
        missing = _numpy(array.is_null())
        return Parsed(np.full(len(array), np.nan), ~missing)
    if pa.types.is_null(kind):
        return Parsed(np.full(len(array), np.nan), np.zeros(len(array), bool))
    if pa.types.is_boolean(kind):
        array = array.cast(pa.int8())
    values = _numpy(array.cast(pa.float64(), safe=False)).astype(np.float64)
    return Parsed(values, np.zeros(len(values), bool))


def decimal_mark(array: pa.Array) -> str:
    """`,` where the numbers of the column can only be read with a decimal comma, else `.`.

    >>> decimal_mark(pa.array(["3,14", "2,7"])), decimal_mark(pa.array(["1,234", "2,000"]))
    (',', '.')
    """
    if not is_text(array) or ordinary_numbers(array) is not None:
        return "."
    with_point, with_comma = (int(numbers(array, decimal=mark).bad.sum()) for mark in ".,")
    return "," if with_comma < with_point else "."


def dates(array: pa.Array, *, form: str = "", missing: tuple[str, ...] = ()) -> Parsed:
    """datetime64[us] in UTC with NaT for missing. `form` is one of `DATE_FORMATS`; empty to find it out.

    >>> dates(pa.array(["2024-02-29", "2023-02-29"])).values.astype("datetime64[D]").tolist()
    [datetime.date(2024, 2, 29), None]
    """
    if not is_text(array):
        return _typed_dates(array)
    words, at = _distinct(array, missing)
    words = _ascii_digits(words)
    distinct = np.append(_parse_dates(words, form or _best_form(words)), np.datetime64("NaT", "us"))
    bad = np.append(np.isnat(distinct[:-1]), False)
    return Parsed(distinct[at], bad[at])


def date_form(array: pa.Array, *, missing: tuple[str, ...] = ()) -> str:
    """How a column of strings writes its dates: the first of `DATE_FORMATS` that reads most of them."""
    return _best_form(_ascii_digits(_distinct(array, missing)[0])) if is_text(array) else ""


def _best_form(words: pa.Array) -> str:
    counts = {form: int((~np.isnat(_parse_dates(words, form))).sum()) for form in DATE_FORMATS}
    return max(counts, key=lambda form: counts[form])


def _typed_dates(array: pa.Array) -> Parsed:
    if pa.types.is_date(array.type) or pa.types.is_timestamp(array.type):
        if pa.types.is_timestamp(array.type) and array.type.tz:
            array = array.cast(pa.timestamp(array.type.unit, "UTC")).cast(pa.timestamp(array.type.unit))
        values = _numpy(array.cast(pa.timestamp("us"), safe=False)).astype("datetime64[us]")
        return Parsed(values, np.zeros(len(values), bool))
    return Parsed(np.full(len(array), np.datetime64("NaT", "us")), ~_numpy(array.is_null()).astype(bool))


def _parse_dates(words: pa.Array, form: str) -> np.ndarray:
    """Distinct words → datetime64[us], NaT where they are not a day of the calendar written in this form."""
    out = np.full(len(words), np.datetime64("NaT", "us"))
    if not len(words):
        return out
    found = pc.extract_regex(words, _DATES[form])
    rows = np.flatnonzero(_numpy(found.is_valid()))
    if not len(rows):
        return out
    found = found.take(pa.array(rows))
    year, day = _part(found, "year"), _part(found, "day")
    month = _named_month(found) if form.startswith("named") else _part(found, "month")
    good = (month >= 1) & (month <= 12) & (day >= 1) & (year >= 1)
    months = ((year - 1970) * 12 + np.where(good, month - 1, 0)).astype("datetime64[M]")
    after = months + np.timedelta64(1, "M")
    good &= day <= (after.astype("datetime64[D]") - months.astype("datetime64[D]")).astype(int)
    days = months.astype("datetime64[D]") + (np.where(good, day, 1) - 1).astype("timedelta64[D]")
    out[rows[good]] = (days.astype("datetime64[us]") + _time_of_day(found))[good]
    return out


def _time_of_day(found: pa.StructArray) -> np.ndarray:
    """Time since midnight, timedelta64[us], UTC."""
    hour, minute, second = (_part(found, name, kind=pa.float64()) for name in ("hour", "minute", "second"))
    half = pc.utf8_lower(found.field("half"))
    afternoon, morning = _numpy(pc.equal(half, "pm")), _numpy(pc.equal(half, "am"))
    hour = np.where(afternoon.astype(bool) & (hour < 12), hour + 12, np.where(morning.astype(bool) & (hour == 12), 0, hour))
    zone = pc.extract_regex(found.field("zone"), r"^(?P<sign>[+-])(?P<hours>\d{2}):?(?P<minutes>\d{2})$")
    sign = np.where(_numpy(pc.equal(pc.struct_field(zone, "sign"), "-")).astype(bool), -1, 1)
    offset = sign * (_part(zone, "hours") * 60 + _part(zone, "minutes"))
    seconds = hour * 3600 + (minute - offset) * 60 + second
    return np.round(seconds * 1e6).astype("timedelta64[us]")


def _named_month(found: pa.StructArray) -> np.ndarray:
    first = pc.utf8_slice_codeunits(pc.utf8_lower(found.field("month")), 0, 3)
    return _numpy(pc.fill_null(pc.index_in(first, pa.array(MONTHS)), -1)).astype(np.int64) + 1


def _part(found: pa.StructArray, name: str, *, kind: Any = None) -> np.ndarray:
    """One named group as numbers; 0 where it is absent."""
    text = pc.struct_field(found, name)
    text = pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)
    return _numpy(pc.fill_null(text.cast(kind or pa.int64()), 0))


def _distinct(array: pa.Array, missing: tuple[str, ...]) -> tuple[pa.Array, np.ndarray]:
    """Distinct words, and for each cell the position of its word; missing cells point one past the end."""
    coded = strings(array, missing=missing).dictionary_encode()
    return coded.dictionary, _numpy(pc.fill_null(coded.indices, len(coded.dictionary))).astype(np.int64)


def _ascii_digits(words: pa.Array) -> pa.Array:
    """Full-width digits and signs (１２３) as ordinary ones."""
    if len(words) and not pc.all(pc.string_is_ascii(words)).as_py():
        return pc.utf8_trim_whitespace(pc.utf8_normalize(words, form="NFKC"))
    return words


def _unadorned(words: pa.Array) -> pa.Array:
    """Without currency signs and percent signs; a column uses one unit, so that the numbers keep their proportions."""
    words = _ascii_digits(words)
    words = pc.replace_substring_regex(words, r"^([+-]?)\s*[$€£¥]\s*", r"\1")
    return pc.replace_substring_regex(words, r"\s*[%€円]$", "")


def _numpy(array: Any) -> np.ndarray:
    """An Arrow array as NumPy; null is NaN, NaT, or False."""
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    if pa.types.is_boolean(array.type):
        array = pc.fill_null(array, False)
    return array.to_numpy(zero_copy_only=False)


_IDENTIFIER_NAME = re.compile(
    r"(^|[_\s.-])(id|ids|uuid|guid|key|index|no|nr|rowid)$|^(unnamed.*|index|Id|ID)$|[a-z]I[dD]$|番号$", re.ASCII
)


def named_like_identifier(name: str) -> bool:
    """Whether a column's name says that it numbers the rows.

    >>> named_like_identifier("customer_id"), named_like_identifier("paid")
    (True, False)
    """
    return bool(_IDENTIFIER_NAME.search(name))

"""Cells of a table as plain Arrow arrays, trimmed words and typed numbers. What words mean, `reading` finds out.

A column of a file arrives as strings; a column of a Parquet file, a DataFrame or an array arrives with its type. Both end as
NumPy: numbers as float64 with NaN for missing, dates as datetime64[us] with NaT, strings as Arrow strings with null.
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


def ordinary_numbers(array: pa.Array) -> np.ndarray | None:
    """float64 of strings that are all numbers as programs write them, NaN for missing; None where one of them is not.

    Most columns of numbers are of this kind, and are read twenty times as fast for it.

    >>> ordinary_numbers(pa.array(["1.5", "-2e3", "nan", None])).tolist(), ordinary_numbers(pa.array(["1,234", "?"]))
    ([1.5, -2000.0, nan, nan], None)
    """
    try:
        return numpy(array.cast(pa.float64()))
    except pa.ArrowInvalid:
        return None


def is_span(array: pa.Array) -> bool:
    """Whether the cells are spans of time or times of day, which are numbers of seconds, rather than days of a calendar."""
    return pa.types.is_duration(array.type) or pa.types.is_time(array.type)


def _seconds(array: pa.Array) -> pa.Array:
    unit = pa.duration("us") if pa.types.is_duration(array.type) else pa.time64("us")
    return pc.divide(array.cast(unit, safe=False).cast(pa.int64()).cast(pa.float64()), 1e6)


def typed_numbers(array: pa.Array) -> Parsed:
    """Numbers, truth values and spans of time as float64 with NaN for missing; whatever else is typed cannot be understood."""
    if is_span(array):
        array = _seconds(array)
    kind = array.type
    if pa.types.is_temporal(kind) or not is_scalar(array):
        missing = numpy(array.is_null())
        return Parsed(np.full(len(array), np.nan), ~missing)
    if pa.types.is_null(kind):
        return Parsed(np.full(len(array), np.nan), np.zeros(len(array), bool))
    if pa.types.is_boolean(kind):
        array = array.cast(pa.int8())
    values = numpy(array.cast(pa.float64(), safe=False)).astype(np.float64)
    return Parsed(values, np.zeros(len(values), bool))


def distinct(array: pa.Array, missing: tuple[str, ...]) -> tuple[pa.Array, np.ndarray]:
    """Distinct words, and for each cell the position of its word; missing cells point one past the end."""
    coded = strings(array, missing=missing).dictionary_encode()
    return coded.dictionary, numpy(pc.fill_null(coded.indices, len(coded.dictionary))).astype(np.int64)


def numpy(array: Any) -> np.ndarray:
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

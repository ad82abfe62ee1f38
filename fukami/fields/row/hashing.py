"""Content hashes of whole columns at once, for duplicates and the split's proof. Not for secrets.

A cell's bytes are read as the digits of a number in base 2**64/φ, modulo 2**64, and mixed (splitmix64): about 10 ns per cell.
"""

import hashlib
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as _compute

from fukami.core.tables import Column
from fukami.fields import parsing

pc: Any = _compute  # its functions are made at run time

_BASE = np.uint64(0x9E3779B97F4A7C15)
_PLAIN = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"


def column_hash(column: Column) -> np.ndarray:
    """uint64 (N): equal where name and cell are equal. White space around a word does not count, nor how "missing" is spelt.

    A number counts by its value: "1.50", "1.5" and 1.5 are one cell, so that a table and a frame read from it agree.

    >>> first, second, third = column_hash(Column("town", pa.array(["Nara", " Nara", "Kyoto"])))
    >>> bool(first == second), bool(first == third)
    (True, False)
    """
    name = np.uint64(int.from_bytes(hashlib.blake2b(column.name.encode(), digest_size=8).digest(), "little"))
    return mix(_cell_hash(column) ^ name)


def _cell_hash(column: Column) -> np.ndarray:
    values: Any = column.values
    if column.is_array and (values.ndim > 1 or values.dtype.kind in "fiub"):
        flat = values.reshape(len(values), -1).astype(np.float64) + 0.0  # so that -0.0 is 0.0
        bits = np.ascontiguousarray(flat).view(np.uint64)
        return (mix(bits) * powers(bits.shape[1])[None]).sum(axis=1, dtype=np.uint64)
    array = parsing.plain(values)
    if parsing.is_text(array):
        return _words_hash(parsing.strings(array))
    if parsing.is_scalar(array) and not (pa.types.is_temporal(array.type) or pa.types.is_decimal(array.type)):
        numbers = parsing.typed_numbers(array).values + 0.0
        numbers[np.isnan(numbers)] = np.nan  # one bit pattern for every NaN
        return mix(numbers.view(np.uint64))
    return strings_hash(pa.array([None if v is None else str(v) for v in array.to_pylist()], pa.string()))


def _words_hash(words: pa.Array) -> np.ndarray:
    """As `strings_hash`, but a word that is a plain number, or missing, hashes as that cell of a column of numbers."""
    words = pa.array(words).cast(pa.large_string())
    out = strings_hash(words)
    plain = np.asarray(pc.fill_null(pc.match_substring_regex(words, _PLAIN), False))
    told = np.asarray(pc.replace_substring_regex(words.filter(pa.array(plain)), r"^\+", "").cast(pa.float64())) + 0.0
    out[plain] = mix(told.view(np.uint64))
    out[np.asarray(words.is_null())] = mix(np.array([np.nan]).view(np.uint64))[0]
    return out


def strings_hash(words: pa.Array) -> np.ndarray:
    """uint64 (N): equal where the strings are equal; null has a hash of its own."""
    words = pa.array(words).cast(pa.large_string())
    offsets = np.frombuffer(words.buffers()[1], np.int64)[words.offset : words.offset + len(words) + 1]
    data = words.buffers()[2]
    content = np.frombuffer(data, np.uint8)[offsets[0] : offsets[-1]] if data is not None else np.empty(0, np.uint8)
    lengths = np.diff(offsets)
    out = lengths.astype(np.uint64)
    if len(content):
        starts = (offsets[:-1] - offsets[0])[lengths > 0]
        position = np.arange(len(content)) - np.repeat(starts, lengths[lengths > 0])
        terms = (content.astype(np.uint64) + np.uint64(1)) * powers(int(lengths.max()))[position]
        out[lengths > 0] += np.add.reduceat(terms, starts)
    out[np.asarray(words.is_null())] = np.uint64(0xDEADBEEF)
    return mix(out)


def powers(count: int) -> np.ndarray:
    """The first `count` powers of the base, modulo 2**64."""
    return np.cumprod(np.full(count, _BASE, np.uint64), dtype=np.uint64)


def mix(bits: np.ndarray) -> np.ndarray:
    """splitmix64: every bit of the outcome depends on every bit given (Steele et al. 2014)."""
    bits = bits.astype(np.uint64) + _BASE
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))

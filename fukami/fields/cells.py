"""What several fields do with raw cells: find the missing ones, number the distinct ones, hash them, name their places.

N is the number of cells of a column.
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fukami.core.errors import DataError
from fukami.core.language import _
from fukami.core.tables import Column
from fukami.fields.parsing import is_text, plain


def arrow(column: Column) -> pa.Array:
    """The cells as one plain Arrow array: chunks joined, dictionaries resolved, NaN taken for missing.

    Cells of mixed kinds become strings. Raises `DataError` where a cell holds more than one value.

    >>> arrow(Column("x", np.array([1.0, float("nan")]))).null_count
    1
    """
    values = column.values
    if isinstance(values, np.ndarray):
        values = values.reshape(len(values)) if values.size == len(values) else values
        if values.ndim != 1:
            raise DataError(
                "F-CELL-SHAPE",
                _("one value per example is needed, but each example holds several"),
                where=column.name or column.file,
                expected=f"({len(values)},)",
                got=str(values.shape),
            )
    values = plain(values)
    if pa.types.is_floating(values.type):
        values = pc.if_else(pc.is_nan(values), pa.scalar(None, values.type), values)  # pyright: ignore
    return values


def is_bytes(values: pa.Array) -> bool:
    """Whether an Arrow array holds bytes."""
    kind = values.type
    return pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_binary_view(kind)


def is_number(values: pa.Array) -> bool:
    """Whether an Arrow array holds integers, floats or decimals (truth values are not numbers)."""
    return pa.types.is_integer(values.type) or pa.types.is_floating(values.type) or pa.types.is_decimal(values.type)


def strings(column: Column) -> list[str]:
    """The cells as strings; missing ones are empty.

    >>> strings(Column("x", pa.array(["a", None])))
    ['a', '']
    """
    values = arrow(column)
    if is_bytes(values):
        return ["" if v is None else v.decode("utf-8", "replace") for v in values.to_pylist()]
    if not is_text(values):
        return ["" if v is None else str(v) for v in values.to_pylist()]
    return pc.fill_null(values, "").to_pylist()


def numbered(column: Column) -> tuple[np.ndarray, list[Any]]:
    """Each cell's position in the list of distinct values, -1 where it is missing, and that list in order of appearance.

    >>> numbered(Column("x", pa.array(["b", None, "a", "b"])))
    (array([ 0, -1,  1,  0]), ['b', 'a'])
    """
    values = arrow(column)
    if pa.types.is_nested(values.type):
        raise DataError(
            "F-CELL-SHAPE",
            _("one value per example is needed, but each example holds several"),
            where=column.name or column.file,
            got=str(values.type),
        )
    encoded = values.dictionary_encode()
    codes = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    return codes, encoded.dictionary.to_pylist()


def sample(column: Column, most: int = 200) -> Column:
    """At most `most` cells, spread evenly over the column."""
    if len(column) <= most:
        return column
    return column.take(np.linspace(0, len(column) - 1, most).astype(np.int64))


def hash_of(content: bytes) -> int:
    """64 bits that are equal for equal content."""
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "little")


def hashes(contents: Iterable[bytes]) -> np.ndarray:
    """`hash_of` of each, as uint64."""
    return np.fromiter((hash_of(c) for c in contents), dtype=np.uint64)


def hash_numbers(values: np.ndarray) -> np.ndarray:
    """uint64 hashes of float64 values (splitmix64 over their bits); -0.0 equals 0.0, every NaN equals every other."""
    values = np.where(np.isnan(values), np.nan, values) + 0.0
    z = values.astype(np.float64).view(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def place(column: Column) -> str:
    """How a message names a column as a whole.

    >>> place(Column("x", pa.array([1]), file="a.csv")), place(Column("x", pa.array([1])))
    ('a.csv (x)', 'x')
    """
    return f"{column.file} ({column.name})" if column.file and column.name else column.name or column.file


def places(column: Column, rows: Sequence[int] | np.ndarray, *, most: int = 3) -> str:
    """The first places of some cells, as a message names them.

    >>> places(Column("x", pa.array([1, 2, 3]), file="a.csv"), [0, 2])
    'a.csv:1 (x), a.csv:3 (x)'
    """
    named = ", ".join(column.where(int(row)) for row in rows[:most])
    return f"{named}, …" if len(rows) > most else named


def combined(hashes: Sequence[np.ndarray]) -> np.ndarray:
    """One uint64 (N) from several: equal where all of them are equal. Order counts.

    >>> a, b = np.array([1, 1], np.uint64), np.array([2, 3], np.uint64)
    >>> bool(combined([a, b])[0] == combined([a, b])[1])
    False
    """
    total = np.zeros(len(hashes[0]), np.uint64)
    for one in hashes:  # splitmix64's mixing after each addition, so that sums do not cancel
        z = total + np.asarray(one, np.uint64) + np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        total = z ^ (z >> np.uint64(31))
    return total

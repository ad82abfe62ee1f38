"""Rows for programs without Fukami: what `export/standalone/row….py` needs to know, and raw rows as mappings."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from fukami.core.cards import card
from fukami.core.tables import Column
from fukami.fields import parsing
from fukami.fields.row.columns.contract import LearnedColumn
from fukami.fields.row.columns.parts import LARGEST


def portable(name: str, columns: Sequence[LearnedColumn], missing: Sequence[str]) -> dict[str, Any]:
    """How each column is read: its kind, the scales of its numbers, the words of its categories. `columns` are used ones."""
    scales = sorted({part["scale"]["transform"] for column in columns for part in column.numbers})
    scaled = [f"row_{scales[0]}" if len(scales) == 1 else "row_scaled"] if scales else []
    pieces = (piece for column in columns for piece in card("fields/row/columns", column.kind).code)
    out: dict[str, Any] = {
        "kind": "row",
        "name": name,
        "code": list(dict.fromkeys(["row", *scaled, *pieces])),
        "example": {column.name: column.usual() for column in columns},
        "words": _words(missing),
        "largest": LARGEST,
        "extensions": [".csv", ".tsv"],
    }
    for column in columns:
        out |= column.for_all
    told = [{"name": column.name, "kind": column.kind, **column.portable(), **_own_words(column)} for column in columns]
    return out | {"columns": told, **_places(columns)}


def _words(missing: Sequence[str]) -> dict[str, str]:
    """What a program without Fukami reads in place of some words: nothing for those that stand for a missing value."""
    return {"true": "true", "false": "false"} | dict.fromkeys(sorted(parsing.missing_words(missing)), "")


def _own_words(column: LearnedColumn) -> dict[str, Any]:
    return {"words": _words(column.missing)} if parsing.KEPT in column.missing else {}


def _places(columns: Sequence[LearnedColumn]) -> dict[str, Any]:
    """Where numbers (with their scales) and codes stand among what all columns give, and which numbers may be missing."""
    scales, codes, line = [], [], 0
    for column in columns:
        scales += [{"line": at, **part["scale"]} for at, part in enumerate(column.numbers, line)]
        line += len(column.numbers)
        codes += range(line, line + len(column.categories))
        line += len(column.categories)
    missing = [part["missing"] > 0 for column in columns for part in column.numbers]
    return {"scales": scales, "indicated": [at for at, gone in enumerate(missing) if gone], "codes": codes}


def as_mappings(columns: Sequence[Column], rows: np.ndarray, names: Sequence[str]) -> list[dict[str, Any]]:
    """Rows of raw columns as JSON objects: numbers stay numbers, dates become text, what is missing is null."""
    wanted = {name.strip().lower() for name in names}
    cells = {c.name: _cells(c.take(rows)) for c in columns if c.name.strip().lower() in wanted}
    return [dict(zip(cells, values, strict=True)) for values in zip(*cells.values(), strict=True)]


def _cells(column: Column) -> list[Any]:
    if column.is_array and column.values.ndim > 1:
        return np.asarray(column.values, np.float64).reshape(len(column), -1).tolist()
    array = parsing.plain(column.values)
    if parsing.is_span(array):
        return [None if value != value else value for value in parsing.typed_numbers(array).values.tolist()]
    if pa.types.is_temporal(array.type):
        return [None if value is None else value.isoformat() for value in array.to_pylist()]
    if pa.types.is_floating(array.type):
        return [None if value is None or value != value else value for value in array.to_pylist()]
    if pa.types.is_decimal(array.type):
        return array.cast(pa.float64()).to_pylist()
    return array.to_pylist()


_ODD = (
    *(None, "", "NA", " nan ", "?", "Not seen before", "É", True, False),
    *(7, 7.0, -0.0, -0.5, 0.1 + 0.2, 1e-7, 1e15, 1e31, float("inf"), 2**53 + 1, -(2**63), 2**70, 10**400, 20240229),
    *("1,234.5", "$1,000", "-$ 3", "12 %", "1.000,5", "１２", "1e3", "inf", [1], [1, 2], {"a": 1}),
    *("2024-02-29", "2023-02-29", "2024-05-06 1:59 AM +09:00", "5 Jan 2024"),
)
"""Cells such as people write them."""
_LISTS = (lambda n: [None] * n, lambda n: [1e31] * n, lambda n: [1] * (n + 1), lambda n: ["a"] * n, lambda n: 3)
"""Cells of columns of several numbers, from how many they are."""


def odd_rows(columns: Sequence[LearnedColumn]) -> list[Any]:
    """Rows that training rows hardly are, for columns that are used; some of them have to be refused."""
    usual = {column.name: column.usual() for column in columns}
    single = [column.name for column in columns if not column.several]
    upper = {name: cell.upper() if isinstance(cell, str) else cell for name, cell in usual.items()}
    named = {f" {name.upper()} ": cell for name, cell in usual.items()}
    lacking = {name: cell for name, cell in usual.items() if name != columns[0].name}
    sizes = {column.name: len(column.numbers) for column in columns if column.several}
    lists = [{name: odd(size) for name, size in sizes.items()} for odd in _LISTS if sizes]
    cells = [dict.fromkeys(single, cell) for cell in _ODD]
    return [usual, upper, named, lacking, {}, "row", *(usual | other for other in (*cells, *lists))]

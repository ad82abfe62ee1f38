"""Rows for programs without Fukami: what `export/standalone/row….py` needs to know, and raw rows as mappings."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from fukami.core.tables import Column
from fukami.fields import parsing

_CODE = {
    "number": ["row_plain", "row_number"],
    "date": ["row_plain", "row_date"],
    "category": ["row_category"],
    "text": ["row_text"],
    "vector": ["row_vector"],
}


def portable(name: str, columns: Sequence[dict[str, Any]], missing: Sequence[str]) -> dict[str, Any]:
    """How each column that is used is read: its kind, the scales of its numbers, the words of its categories."""
    used = [told for told in columns if told["kind"] != "ignored"]
    code = list(dict.fromkeys(["row", *(piece for told in used for piece in _CODE[told["kind"]])]))
    words = sorted(parsing.MISSING | {word.lower() for word in missing})
    return {"kind": "row", "name": name, "code": code, "missing": words, "columns": [_column(told) for told in used]}


def _column(told: dict[str, Any]) -> dict[str, Any]:
    how, kind = told["how"], told["kind"]
    numbers = [{"scale": part["scale"], "missing": part["missing"] > 0} for part in told["numbers"]]
    out = {"name": told["name"], "kind": kind, "numbers": numbers, "codes": len(told["categories"])}
    if kind == "number":
        out["decimal"] = how["decimal"]
    if kind == "category":
        out["values"] = told["categories"][0]["values"]
    if kind == "date":
        out |= {"parts": how["parts"], "pattern": parsing.date_pattern(how["form"] or "ymd")}
    return out


def as_mappings(columns: Sequence[Column], rows: np.ndarray, names: Sequence[str]) -> list[dict[str, Any]]:
    """Rows of raw columns as JSON objects: numbers stay numbers, dates become text, what is missing is null."""
    wanted = {name.strip().lower() for name in names}
    cells = {c.name: _cells(c.take(rows)) for c in columns if c.name.strip().lower() in wanted}
    return [dict(zip(cells, values, strict=True)) for values in zip(*cells.values(), strict=True)]


def _cells(column: Column) -> list[Any]:
    if column.is_array and column.values.ndim > 1:
        return np.asarray(column.values, np.float64).reshape(len(column), -1).tolist()
    array = parsing.plain(column.values)
    if pa.types.is_temporal(array.type):
        return [None if value is None else value.isoformat() for value in array.to_pylist()]
    if pa.types.is_floating(array.type):
        return [None if value is None or value != value else value for value in array.to_pylist()]
    if pa.types.is_decimal(array.type):
        return array.cast(pa.float64()).to_pylist()
    return array.to_pylist()

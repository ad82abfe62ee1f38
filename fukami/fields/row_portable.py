"""Rows for programs without Fukami: what `export/standalone/row….py` needs to know, and raw rows as mappings."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from fukami.core.tables import Column
from fukami.fields import parsing, row_columns

_CODE = {
    "number": ["row_plain", "row_number"],
    "date": ["row_plain", "row_date"],
    "category": ["row_category"],
    "text": ["row_text"],
    "vector": ["row_vector"],
}


_UNIT = r"\A([+-]?)(?:[\t\n\f\r ]*[$€£¥][\t\n\f\r ]*)?((?:.|\n)*?)(?:[\t\n\f\r ]*[%€円])?\Z"
"""A number with the signs of its unit around it."""
_NUMBER = r"[+-]?(([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?|[iI][nN][fF]([iI][nN][iI][tT][yY])?)"
_MARKS = {
    ".": {"grouped": r"[+-]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]*)?", "marks": {",": ""}},
    ",": {"grouped": r"[+-]?([0-9]+|[0-9]{1,3}([. ][0-9]{3})+)(,[0-9]*)?", "marks": {".": "", " ": "", ",": "."}},
}
"""How numbers are written with either decimal mark, and what becomes of their marks."""


def portable(name: str, columns: Sequence[dict[str, Any]], missing: Sequence[str]) -> dict[str, Any]:
    """How each column that is used is read: its kind, the scales of its numbers, the words of its categories."""
    used = [told for told in columns if told["kind"] != "ignored"]
    kinds = {told["kind"] for told in used}
    scales = sorted({part["scale"]["transform"] for told in used for part in told["numbers"]})
    scaled = [f"row_{scales[0]}" if len(scales) == 1 else "row_scaled"] if scales else []
    code = list(dict.fromkeys(["row", *scaled, *(piece for told in used for piece in _CODE[told["kind"]])]))
    words = sorted(parsing.MISSING | {word.lower() for word in missing})
    usual = {told["name"]: _usual(told) for told in used}
    out = {"kind": "row", "name": name, "code": code, "example": usual, "missing": words, "largest": row_columns.LARGEST}
    out["extensions"] = [".csv", ".tsv"]
    if "number" in kinds:
        out |= {"unit": _UNIT, "number": _NUMBER}
    return out | {"columns": [_column(told) for told in used]}


def _column(told: dict[str, Any]) -> dict[str, Any]:
    how, kind = told["how"], told["kind"]
    numbers = [{**part["scale"], "missing": part["missing"] > 0} for part in told["numbers"]]
    out = {"name": told["name"], "kind": kind, "numbers": numbers}
    if kind == "number":
        out |= _MARKS[how["decimal"]]
    if kind == "category":
        out["values"] = {value: code for code, value in enumerate(told["categories"][0]["values"], 1)}
    if kind == "date":
        pattern = parsing.date_pattern(how["form"] or "ymd").strip("^$")
        out |= {"parts": how["parts"], "pattern": pattern.replace(r"\d", "[0-9]").replace(r"\w", "[0-9A-Za-z_]")}
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


_ODD = (
    *(None, "", "NA", " nan ", "?", "Not seen before", "É", True, False),
    *(7, 7.0, -0.0, -0.5, 0.1 + 0.2, 1e-7, 1e15, 1e31, float("inf"), 2**53 + 1, -(2**63), 2**70, 10**400, 20240229),
    *("1,234.5", "$1,000", "-$ 3", "12 %", "1.000,5", "１２", "1e3", "inf", [1], [1, 2], {"a": 1}),
    *("2024-02-29", "2023-02-29", "2024-05-06 11:59 PM +09:00", "5 Jan 2024"),
)
"""Cells such as people write them."""
_LISTS = (lambda n: [None] * n, lambda n: [1e31] * n, lambda n: [1] * (n + 1), lambda n: ["a"] * n, lambda n: 3)
"""Cells of columns of several numbers, from how many they are."""


def odd_rows(columns: Sequence[dict[str, Any]]) -> list[Any]:
    """Rows that training rows hardly are, for the columns that are used; some of them have to be refused."""
    used = [told for told in columns if told["kind"] != "ignored"]
    usual = {told["name"]: _usual(told) for told in used}
    single = [told["name"] for told in used if told["kind"] != "vector"]
    upper = {name: cell.upper() if isinstance(cell, str) else cell for name, cell in usual.items()}
    named = {f" {name.upper()} ": cell for name, cell in usual.items()}
    lacking = {name: cell for name, cell in usual.items() if name != used[0]["name"]}
    vectors = {told["name"]: len(told["numbers"]) for told in used if told["kind"] == "vector"}
    lists = [{name: odd(size) for name, size in vectors.items()} for odd in _LISTS if vectors]
    cells = [dict.fromkeys(single, cell) for cell in _ODD]
    return [usual, upper, named, lacking, {}, "row", *(usual | other for other in (*cells, *lists))]


def _usual(told: dict[str, Any]) -> Any:
    """A cell as its column could hold."""
    kind = told["kind"]
    if kind == "category":
        return next(iter(told["categories"][0]["values"]), None)
    if kind == "text":
        return "two words"
    middles = [_middle(part) for part in told["numbers"]]
    if kind == "date":
        return _day(middles[0], told["how"]["form"])
    return middles if kind == "vector" else middles[0]


def _middle(part: dict[str, Any]) -> float:
    """The value of a number, of those that are known from training, that is nearest to its mean; whole where it can be.

    >>> _middle({"edges": [1.0, 2.0, 3.0], "scale": {}, "mean": 2.4}), _middle({"edges": [], "scale": {}, "mean": 2.4})
    (2, 2.4)
    """
    known = part["edges"] or part["scale"].get("at") or [part["mean"]]
    value = float(f"{min(known, key=lambda one: abs(one - part['mean'])):.6g}")
    return int(value) if value.is_integer() else value


def _day(days: float, form: str) -> str:
    """A day as its column writes it; `days` are counted from 1970."""
    when = date(1970, 1, 1) + timedelta(days=int(days))
    named = parsing.MONTHS[when.month - 1].capitalize()
    short = f"{when.month:02}/{when.day:02}", f"{when.day:02}/{when.month:02}"
    written = {
        "compact": f"{when:%Y%m%d}",
        "mdy": f"{short[0]}/{when.year}",
        "dmy": f"{short[1]}/{when.year}",
        "named-dmy": f"{when.day} {named} {when.year}",
        "named-mdy": f"{named} {when.day}, {when.year}",
    }
    return written.get(form, when.isoformat())

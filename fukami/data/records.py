"""Python values → columns of cells: what JSON, NumPy archives and Python programs hand over."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from fukami.core.errors import DataError
from fukami.core.language import _
from fukami.core.problems import Problem
from fukami.core.tables import Column


def cells(values: list[Any]) -> tuple[pa.Array, str]:
    """An Arrow array of `values`, and how it had to be bent: "" (as they are), "mixed" (made strings), "nested" (made JSON).

    >>> cells([1, "a", None])[0].to_pylist()
    ['1', 'a', None]
    """
    if any(isinstance(v, Mapping) for v in values):
        told = [None if v is None else json.dumps(v, ensure_ascii=False, default=str) for v in values]
        return pa.array(told, pa.string()), "nested"
    try:
        return pa.array(values), ""
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
        pass
    told = [None if v is None else v if isinstance(v, str) else json.dumps(v, ensure_ascii=False, default=str) for v in values]
    lists = all(isinstance(v, list) for v in values if v is not None)  # of several kinds each, as `[0, 5, "PER"]` is
    return pa.array(told, pa.string()), "" if lists else "mixed"


def columns_of(
    rows: Iterable[Mapping[str, Any]], *, file: Path, lines: np.ndarray | None
) -> tuple[dict[str, Column], list[Problem]]:
    """Records → columns; a key that a record lacks is a missing cell."""
    rows = list(rows)
    names: dict[str, None] = {}
    for row in rows:
        names.update(dict.fromkeys(row))
    columns, problems = {}, []
    for name in names:
        values, bent = cells([row.get(name) for row in rows])
        columns[name] = Column(name, values, base=file.parent, file=str(file), rows=lines)
        if bent:
            problems.append(
                Problem(
                    code="F-JSON-CELLS",
                    severity="warning",
                    what=_("cells hold values of several kinds and were read as text")
                    if bent == "mixed"
                    else _("cells hold records and were read as text"),
                    where=f"{file} ({name})",
                    fix=_("write one kind of value in this column"),
                )
            )
    return columns, problems


def equal_lengths(columns: Mapping[str, Any], where: str) -> int:
    """The common length of named sequences; `DataError` where they differ."""
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        raise DataError(
            "F-DATA-LENGTHS",
            _("columns differ in length"),
            where=where,
            expected=_("one value per example in every column"),
            got="; ".join(f"{_first(name for name, n in lengths.items() if n == own)}: {own}" for own in set(lengths.values())),
        )
    count = next(iter(lengths.values()), 0)
    if not count:
        raise DataError("F-DATA-EMPTY", _("there are no examples"), where=where, expected=_("at least one example"))
    return count


def _first(names: Iterable[str], most: int = 3) -> str:
    listed = list(names)
    return ", ".join(listed[:most]) + (", …" if len(listed) > most else "")


def column(name: str, values: Any, where: str) -> Column:
    """One column from an array or a sequence: numbers and strings as Arrow cells, arrays of more than one axis as they are.

    >>> column("x", np.zeros((2, 8, 8)), "").is_array, column("y", [0, 1], "").is_array
    (True, False)
    """
    array = as_array(values)
    if array is not None and array.ndim > 1 and array.dtype.kind in "biuf":
        if array.ndim == 2 and array.shape[1] == 1:
            return Column(name, pa.array(array[:, 0]))
        return Column(name, array)
    if array is not None and array.ndim == 1 and array.dtype.kind in "biufM":
        return Column(name, pa.array(array, from_pandas=True))
    listed = values.tolist() if hasattr(values, "tolist") else list(values)
    if listed and all(hasattr(v, "getbands") for v in listed if v is not None):
        return Column(name, pa.array([_png(v) for v in listed], pa.binary()))
    found, _bent = cells([_simple(v) for v in listed])
    if pa.types.is_nested(found.type) and (joined := _stacked(listed)) is not None:
        return Column(name, joined)
    return Column(name, found)


def as_array(values: Any) -> np.ndarray | None:
    """`values` as a NumPy array where they are one already, or a tensor, or a sparse matrix of scikit-learn; else None."""
    if isinstance(values, np.ndarray):
        return values
    if hasattr(values, "detach"):  # a torch tensor, without importing torch
        return values.detach().cpu().numpy()
    if hasattr(values, "toarray"):
        return values.toarray()
    return None


def _simple(value: Any) -> Any:
    """NumPy scalars, paths and missing marks as plain Python values."""
    if isinstance(value, Path):
        return str(value)
    if getattr(value, "ndim", None) == 0:
        value = value.item()
    if isinstance(value, float) and value != value:
        return None
    if type(value).__name__ in ("NAType", "NaTType"):
        return None
    return value


def _stacked(values: list[Any]) -> np.ndarray | None:
    """A list of equally shaped arrays (pictures as nested lists, tensors) as one array."""
    try:
        array = np.stack([np.asarray(as_array(v) if as_array(v) is not None else v) for v in values])
    except (ValueError, TypeError):
        return None
    return array if array.ndim > 2 and array.dtype.kind in "biuf" else None


def _png(image: Any) -> bytes | None:
    """A Pillow image as the bytes of a PNG: pictures of any size stand side by side so."""
    import io

    if image is None:
        return None
    buffer = io.BytesIO()
    (image if image.mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16") else image.convert("RGB")).save(buffer, "PNG")
    return buffer.getvalue()

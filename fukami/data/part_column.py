"""A column that says which part each row belongs to (`split`: train, dev, test) gives the parts, and is no input."""

from dataclasses import replace

import numpy as np
import pyarrow as pa

from fukami.core.language import _
from fukami.core.problems import Problem
from fukami.core.tables import Column, Table
from fukami.data.names import plain
from fukami.data.parts import part_named

_NAMES = frozenset(("split", "part", "set", "subset", "partition", "fold", "usage", "data_split", "dataset", "分割", "用途"))
_MOST_VALUES = 6


def with_named_parts(table: Table) -> Table:
    """The same table with its parts taken from such a column, if it has no parts yet and exactly one column is such.

    Every cell must be the name of a part, and some must train; the column must be called so or have no name.
    """
    if table.parts is not None:
        return table
    found = {name: parts for name, column in table.columns.items() if (parts := _parts(name, column)) is not None}
    if len(found) != 1:
        return table
    ((name, parts),) = found.items()
    told = Problem(
        code="F-PARTS-COLUMN",
        severity="note",
        what=_("the column {name} says which part each row belongs to, and was taken at its word").format(name=name),
        where=table.name,
        fix=_("to divide the data anew, leave this column out of the file"),
    )
    columns = {n: c for n, c in table.columns.items() if n != name}
    return replace(table, columns=columns, parts=parts, problems=(*table.problems, told))


def _parts(name: str, column: Column) -> np.ndarray | None:
    unnamed = name.startswith("column") and name.removeprefix("column").isdigit()
    if not (unnamed or plain(name) in _NAMES) or column.is_array or not pa.types.is_string(column.values.type):
        return None
    encoded = column.values.dictionary_encode()
    if encoded.null_count or not 2 <= len(encoded.dictionary) <= _MOST_VALUES:
        return None
    named = [part_named(value) for value in encoded.dictionary.to_pylist()]
    if not all(named) or "train" not in named:
        return None
    return np.array(named, dtype="<U5")[encoded.indices.to_numpy()]

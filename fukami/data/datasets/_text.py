"""Datasets in text tables whose columns have no names."""

from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from fukami.core.recipe import DataChoices
from fukami.core.tables import Table
from fukami.data.joined import joined
from fukami.data.readers import delimited


def tables_of(parts: dict[str, Path], names: list[str], *, target: str, classes: dict[str, str] | None = None) -> Table:
    """One table of all parts, with named columns and, where `classes` says so, named classes."""
    read = [(part, delimited.read(path, DataChoices(), names=names)) for part, path in parts.items()]
    table = joined(read, name="", layout="catalogue") if len(read) > 1 else replace(read[0][1], parts=None)
    return replace(named(table, target, classes) if classes else table, hints={"target": target})


def named(table: Table, column: str, classes: dict[str, str]) -> Table:
    """The same table with the cells of one column renamed."""
    old = table.columns[column]
    cells = pa.array([classes.get(v, v) for v in old.values.to_pylist()], pa.string())
    return replace(table, columns={**table.columns, column: replace(old, values=cells)})

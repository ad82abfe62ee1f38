"""Several tables → one: files of one dataset, or its parts."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from fukami.core.errors import DataError
from fukami.core.language import _
from fukami.core.problems import Problem
from fukami.core.tables import Column, Table


def joined(tables: Sequence[tuple[str, Table]], *, name: str, layout: str) -> Table:
    """The rows of all tables in order, each with its part ("" where it has none) and the place it came from.

    A test table without columns that the training table has (a competition's, without its answers) cannot be used to test:
    it is left out and told. Raises `DataError` where tables otherwise differ in their columns.
    """
    kept, problems = _comparable(list(tables))
    names = list(kept[0][1].columns)
    columns = {n: _column([table.columns[n] for _part, table in kept]) for n in names}
    parts = np.concatenate([_parts_of(part, table) for part, table in kept])
    told = [problem for _part, table in kept for problem in table.problems]
    hints = kept[0][1].hints
    origin = _origin([table for _part, table in kept])
    return Table(
        name=name,
        columns=columns,
        parts=parts if (parts != "").any() else None,
        problems=(*told, *problems),
        hints=hints,
        layout=layout,
        origin=origin,
    )


def _origin(tables: Sequence[Table]) -> np.ndarray | None:
    """What rows were cut from, told apart between tables; None where no table says it."""
    if all(table.origin is None for table in tables):
        return None
    found, most = [], 0
    for table in tables:
        own = np.arange(len(table)) if table.origin is None else table.origin
        found.append(own + most)
        most += int(own.max(initial=-1)) + 1
    return np.concatenate(found)


def _parts_of(part: str, table: Table) -> np.ndarray:
    return np.full(len(table), part, dtype="<U5") if part or table.parts is None else table.parts.astype("<U5")


def _comparable(tables: list[tuple[str, Table]]) -> tuple[list[tuple[str, Table]], list[Problem]]:
    known = set(tables[0][1].columns)
    kept, problems = [], []
    for part, table in tables:
        lacks, more = known - set(table.columns), set(table.columns) - known
        if not lacks and not more:
            kept.append((part, table))
        elif part in ("valid", "test") and lacks and not more:
            problems.append(
                Problem(
                    code="F-PARTS-COLUMNS",
                    severity="warning",
                    what=_("the {part} part lacks columns that the training part has, so nothing can be judged on it").format(
                        part=part
                    ),
                    where=table.name,
                    expected=", ".join(sorted(known)[:20]),
                    got=_("without {names}").format(names=", ".join(sorted(lacks)[:10])),
                    fix=_("it was left out; a test part is taken from the training part instead"),
                    count=len(table),
                )
            )
        else:
            raise DataError(
                "F-PARTS-COLUMNS",
                _("tables of one dataset differ in their columns"),
                where=f"{tables[0][1].name}, {table.name}",
                expected=", ".join(sorted(known)[:20]),
                got=", ".join(sorted(table.columns)[:20]),
                fix=_("give both the same columns, or name one of the files"),
            )
    return kept, problems


def _column(columns: list[Column]) -> Column:
    first = columns[0]
    if len(columns) == 1:
        return first
    if all(column.is_array for column in columns):
        shapes = {column.values.shape[1:] for column in columns}
        if len(shapes) > 1:
            raise DataError(
                "F-PARTS-SHAPES",
                _("arrays of one dataset differ in shape"),
                where=first.name,
                expected=str(first.values.shape[1:]),
                got=", ".join(map(str, sorted(shapes))),
            )
        values = np.concatenate([column.values for column in columns])
    else:
        values = _concatenated([column.values for column in columns])
    files = np.concatenate([c.files if c.files is not None else np.full(len(c), c.file, dtype=object) for c in columns])
    by_file = all(c.files is not None and c.rows is None for c in columns)
    rows = None if by_file else np.concatenate([np.arange(1, len(c) + 1) if c.rows is None else c.rows for c in columns])
    return replace(first, values=values, file="", files=files, rows=rows)


def _concatenated(arrays: list[pa.Array]) -> pa.Array:
    """Arrow cells end to end; where two parts were read with different types, as strings."""
    kinds = {array.type for array in arrays if not pa.types.is_null(array.type)}
    if len(kinds) <= 1:
        kind = kinds.pop() if kinds else arrays[0].type
        return pa.concat_arrays([array.cast(kind) for array in arrays])
    try:
        return pa.concat_arrays(arrays, promote_options="permissive")  # type: ignore[call-arg]
    except (TypeError, pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.concat_arrays([array.cast(pa.string()) for array in arrays])

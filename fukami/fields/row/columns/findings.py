"""What can be wrong with cells of several kinds of columns: each finding with its place and its remedy."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from fukami.core.language import _, _n
from fukami.core.percent import percent
from fukami.core.problems import Problem
from fukami.core.tables import Column
from fukami.fields import parsing
from fukami.fields.row.columns.parts import LARGEST

_SHOWN = 5
"""Rows that a message names."""


def count_absent(array: pa.Array, missing: tuple[str, ...]) -> int:
    """How many cells are missing, or hold a word for it."""
    return int(parsing.strings(array, missing=missing).null_count) if parsing.is_text(array) else array.null_count


def absent(column: Column, count: int) -> Iterator[Problem]:
    """Missing cells."""
    share = count / max(1, len(column))
    if count:
        yield Problem(
            code="F-COLUMN-MISSING",
            severity="warning" if share > 0.5 else "note",
            what=_("column {name} has {count} missing values ({share}); they are learned from as missing").format(
                name=column.name, count=count, share=percent(share)
            ),
            where=place(column),
            count=count,
        )


def infinite(column: Column, values: np.ndarray) -> Iterator[Problem]:
    """Numbers that cannot be computed with; `values` are as they were read."""
    with np.errstate(invalid="ignore"):
        rows = np.flatnonzero(np.abs(values) > LARGEST)
    if len(rows):
        yield Problem(
            code="F-COLUMN-INFINITE",
            severity="warning",
            what=_("column {name} has {count} infinite or far too large values; they count as missing").format(
                name=column.name, count=len(rows)
            ),
            where=places(column, rows),
            expected=_("finite numbers"),
            got=str(values[rows[0]]),
            fix=_("correct these cells or leave them empty"),
            count=len(rows),
        )


def unlike(column: Column, bad: np.ndarray, wanted: str, *, learned: bool = False) -> Iterator[Problem]:
    """Cells that cannot be read: `bad` marks them, `wanted` is what they should be, `learned` whether training is over."""
    rows = np.flatnonzero(bad)
    if len(rows):
        as_category = _("correct these cells, or read the column as categories: --set category={name}").format(name=column.name)
        yield Problem(
            code="F-COLUMN-UNREADABLE",
            severity="warning",
            what=_n(
                "column {name} has {count} cell that is not {wanted}; it counts as missing",
                "column {name} has {count} cells that are not {wanted}; they count as missing",
                len(rows),
                count=len(rows),
                name=column.name,
                wanted=_(wanted),
            ),
            where=places(column, rows),
            expected=_(wanted),
            got=examples(column, rows),
            fix=_("correct these cells or leave them empty") if learned else as_category,
            count=len(rows),
        )


def place(column: Column) -> str:
    """The column and its file."""
    return f"{column.file} ({column.name})" if column.file else column.name


def places(column: Column, rows: np.ndarray) -> str:
    """Where some of these rows are."""
    shown = ", ".join(column.where(int(row)) for row in rows[:_SHOWN])
    return shown + (" …" if len(rows) > _SHOWN else "")


def examples(column: Column, rows: np.ndarray) -> str:
    """What some of these rows hold, each once."""
    cells = column.take(rows[:_SHOWN]).strings()
    return ", ".join(dict.fromkeys(cell[:40] for cell in cells))

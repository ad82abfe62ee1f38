"""A sheet of a spreadsheet: Excel (.xlsx, .xlsm, .xlsb, .xls) or OpenDocument (.ods).

Cells keep their types: numbers, dates, times, truth values; what formulas came to counts, and cells of errors are missing.
A title above the table and empty rows are left out. Where several sheets hold tables, the user says which.
"""

import io
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from fukami.core.errors import DataError, UsageError, nearest, quoted
from fukami.core.language import N_, _, _n
from fukami.core.problems import Problem
from fukami.core.recipe import DataChoices
from fukami.core.tables import Column, Table
from fukami.data import dialects, text_table
from fukami.data.files import content, read_bytes, suffix

TOLD = N_("a spreadsheet")
EXTENSIONS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
_WHOLE = 2**53
"""Whole numbers up to here are exact in the floats that a spreadsheet keeps all numbers in."""

Rows = list[list[Any]]


def claims(source: Path, kinds: tuple[str, ...]) -> float:
    named = suffix(source) in EXTENSIONS or (not suffix(source) and source.is_file() and content(source) in ("xlsx", "ods"))
    return 0.95 if named and source.is_file() else 0.0


def read(source: Path, choices: DataChoices, *, kinds: tuple[str, ...] = ()) -> Table:
    where = str(source)
    rows, problems = _chosen(_sheets(source), choices.sheet, where)
    numbers = np.array([i for i, row in enumerate(rows, 1) if any(cell is not None for cell in row)])
    rows = [row for row in rows if any(cell is not None for cell in row)]
    used = [place for place in range(len(rows[0])) if any(row[place] is not None for row in rows)]
    rows = [[row[place] for place in used] for row in rows]
    titles = _titles(rows)
    if titles:
        what = _n("{n} line on top is a remark and was left out", "{n} lines on top are remarks and were left out", titles)
        problems.append(
            Problem(code="F-TABLE-REMARKS", severity="note", what=what, where=f"{where}:{numbers[0]}", count=titles)
        )
    rows, numbers = rows[titles:], numbers[titles:]
    names, nameless, rows, numbers = _headed(rows, numbers, choices.header)
    if not rows:
        raise DataError("F-TABLE-EMPTY", _("the table has names but no rows"), where=where, expected=_("a row per example"))
    names, found = text_table.distinct(names, where)
    columns = {
        name: Column(
            name,
            typed([row[place] for row in rows]),
            base=source.parent,
            file=where,
            rows=numbers,
            told={"name": ""} if place in nameless else {},
        )
        for place, name in enumerate(names)
    }
    return Table(name=where, columns=columns, problems=(*problems, *found), layout="spreadsheet")


def _sheets(source: Path) -> dict[str, Rows]:
    """The sheets that hold anything, visible ones where there are any: their cells from A1 on, None where empty."""
    import python_calamine as calamine

    try:
        with calamine.CalamineWorkbook.from_filelike(io.BytesIO(read_bytes(source))) as book:
            told = [sheet for sheet in book.sheets_metadata if sheet.typ == calamine.SheetTypeEnum.WorkSheet]
            found = {sheet.name: book.get_sheet_by_name(sheet.name).to_python(skip_empty_area=False) for sheet in told}
    except (calamine.CalamineError, OSError) as error:
        locked = isinstance(error, calamine.PasswordError)
        raise DataError(
            "F-SHEET-DAMAGED",
            _("the spreadsheet is locked with a password") if locked else _("the spreadsheet cannot be read"),
            where=str(source),
            got=str(error),
            fix=_("open it in the spreadsheet program and save it again, or export it as CSV (UTF-8)"),
        ) from None
    full = {name: [[_cell(value) for value in row] for row in rows] for name, rows in found.items()}
    full = {name: rows for name, rows in full.items() if any(cell is not None for row in rows for cell in row)}
    shown = {sheet.name for sheet in told if sheet.visible == calamine.SheetVisibleEnum.Visible}
    return {name: rows for name, rows in full.items() if name in shown} or full


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return value.strip() or None
    return value


def _chosen(sheets: dict[str, Rows], wanted: str, where: str) -> tuple[Rows, list[Problem]]:
    """The rows of the sheet that is `wanted`; else of the only one, or the only one that holds a table of two rows or more."""
    if wanted in sheets:
        return sheets[wanted], []
    tables = {name: rows for name, rows in sheets.items() if len(rows) > 1} or sheets
    if not tables:
        raise DataError("F-TABLE-EMPTY", _("the spreadsheet is empty"), where=where, expected=_("a row per example"))
    if len(tables) == 1 and not wanted:
        return next(iter(tables.values())), []
    if len(tables) == 1:
        (name,) = tables
        what = _("there is no sheet called {name}; the only one with a table was read").format(name=wanted)
        told = Problem(code="F-SHEET-NAME", severity="note", what=what, where=where, expected=wanted, got=name)
        return tables[name], [told]
    close = nearest(wanted, tables) or list(tables)
    raise UsageError(
        "F-SHEET-NAME" if wanted else "F-SHEET-SEVERAL",
        _("there is no sheet called {name}").format(name=wanted) if wanted else _("several sheets hold tables"),
        where=where,
        expected=_("one of {names}").format(names=", ".join(tables)),
        got=wanted,
        fix=_(" or ").join(f"--set sheet={quoted(name)}" for name in close[:4]),
    )


def _titles(rows: Rows) -> int:
    """How many first rows are a title: a single cell, above rows of several."""
    filled = [sum(cell is not None for cell in row) for row in rows]
    wide = next((place for place, count in enumerate(filled) if count > 1), 0)
    return wide if len(rows) > wide + 1 else 0


def _headed(rows: Rows, numbers: np.ndarray, header: str) -> tuple[list[str], list[int], Rows, np.ndarray]:
    """Names of the columns, the places of those that the sheet gives none, the rows below them, and their numbers in it."""
    told = [[written(cell) for cell in row] for row in rows[:200]]
    if header == "yes" or (header == "auto" and dialects.has_header(told, known=text_table.Usual())):
        names = [name or f"column{place}" for place, name in enumerate(told[0], 1)]
        return names, [place for place, name in enumerate(told[0]) if not name], rows[1:], numbers[1:]
    return [f"column{place}" for place in range(1, len(rows[0]) + 1)], [], rows, numbers


def written(cell: Any) -> str:
    """A cell as text, as it would stand in a text table.

    >>> written(3.0), written(None), written(datetime(2024, 5, 6, 10, 30))
    ('3', '', '2024-05-06 10:30:00')
    """
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) <= _WHOLE:
        return str(int(cell))
    return str(cell)


def typed(cells: Sequence[Any]) -> pa.Array:
    """Cells of one kind as that kind, those of several as text.

    >>> typed([1.0, None, 2.0]).to_pylist(), typed([1.5, "a"]).to_pylist()
    ([1, None, 2], ['1.5', 'a'])
    """
    kinds = {type(cell) for cell in cells if cell is not None}
    if kinds <= {int, float}:
        whole = all(cell is None or (float(cell).is_integer() and abs(cell) <= _WHOLE) for cell in cells)
        return pa.array([cell if cell is None else int(cell) if whole else float(cell) for cell in cells])
    if kinds <= {date, datetime} and datetime in kinds:
        cells = [datetime.combine(cell, time()) if type(cell) is date else cell for cell in cells]
        kinds = {datetime}
    if len(kinds) == 1 and kinds <= {bool, date, datetime, time, timedelta}:
        return pa.array(cells)
    return pa.array([None if cell is None else written(cell) for cell in cells], pa.string())

"""Columns as a file: CSV, TSV, JSON Lines, Parquet or a spreadsheet, complete or not there."""

import csv
import json
import math
import os
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from fukami.core.errors import DataError
from fukami.core.language import _

Cells = dict[str, list[Any]]
MOST_ROWS = 1_048_575
"""Rows below the names that a sheet takes."""
MOST_LETTERS = 32_767
"""Characters that a cell of a sheet takes."""
EXACT = 10**15
"""Whole numbers beyond it are written into a sheet as text: its numbers have 15 digits."""


def write(cells: Cells, place: Path) -> None:
    """Writes the columns in the form that the extension of `place` says, in place of what is there."""
    place.parent.mkdir(parents=True, exist_ok=True)
    draft = place.with_name(f".{os.getpid()}-{place.name}")
    try:
        FORMS[place.suffix.lower()](cells, draft)
        draft.replace(place)
    finally:
        draft.unlink(missing_ok=True)


def _rows(cells: Cells, shown: Callable[[Any], Any]) -> list[list[Any]]:
    return [[shown(cell) for cell in row] for row in zip(*cells.values(), strict=True)]


def _as_text(cell: Any) -> Any:
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return ""
    if isinstance(cell, (list, dict)):
        return json.dumps(cell, ensure_ascii=False, default=str)
    return "" if isinstance(cell, bytes) else cell  # a picture, say


def _separated(delimiter: str) -> Callable[[Cells, Path], None]:
    def written(cells: Cells, place: Path) -> None:
        rows = [list(cells), *_rows(cells, _as_text)]
        texts = (text for row in rows for text in map(str, row) if not text.isascii())
        plain = not any(letter.isalpha() and not letter.isascii() for text in texts for letter in text)
        # spreadsheet programs take text without this mark for the encoding of their country
        with place.open("w", encoding="utf-8" if plain else "utf-8-sig", newline="") as file:
            csv.writer(file, delimiter=delimiter, lineterminator="\n").writerows(rows)

    return written


def _json_lines(cells: Cells, place: Path) -> None:
    def shown(cell: Any) -> Any:
        return None if isinstance(cell, bytes) or (isinstance(cell, float) and not math.isfinite(cell)) else cell

    with place.open("w", encoding="utf-8") as file:
        for row in _rows(cells, shown):
            file.write(json.dumps(dict(zip(cells, row, strict=True)), ensure_ascii=False, default=str) + "\n")


def _parquet(cells: Cells, place: Path) -> None:
    import pyarrow.parquet

    def array(column: list[Any]) -> pa.Array:
        try:
            return pa.array(column)
        except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):  # cells of several kinds
            return pa.array([None if cell is None else str(_as_text(cell)) for cell in column], pa.string())

    pyarrow.parquet.write_table(pa.table({name: array(column) for name, column in cells.items()}), place)


def _sheet(cells: Cells, place: Path) -> None:
    import openpyxl
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE as ILLEGAL

    if (count := len(next(iter(cells.values()), []))) > MOST_ROWS:
        fix = _("write them as .csv or .parquet")
        raise DataError(
            "F-OUT-ROWS", _("a sheet does not take so many rows"), expected=f"≤ {MOST_ROWS:,}", got=f"{count:,}", fix=fix
        )
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("answers")

    def shown(cell: Any) -> Any:
        cell = _as_text(cell)
        if cell == "":
            return None
        if isinstance(cell, datetime) and cell.tzinfo is not None:
            return cell.isoformat()
        exact = not isinstance(cell, int) or abs(cell) <= EXACT
        if (
            exact
            and isinstance(cell, (bool, int, float, date, time, timedelta))
            and not (isinstance(cell, float) and math.isinf(cell))
        ):
            return cell
        made = WriteOnlyCell(sheet, ILLEGAL.sub("", str(cell))[:MOST_LETTERS])
        made.data_type = "s"  # a text that begins with = is no formula
        return made

    sheet.append([shown(name) for name in cells])
    for row in _rows(cells, shown):
        sheet.append(row)
    book.save(place)


FORMS = {".csv": _separated(","), ".tsv": _separated("\t"), ".jsonl": _json_lines, ".parquet": _parquet, ".xlsx": _sheet}

"""Tables in, and tables with answers out: rows as they were given, beside what is answered of each."""

import lzma
import re
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import Any, NamedTuple

from fukami.answer_table import answer_cells, rows_of
from fukami.answers import from_table
from fukami.core.errors import DataError, UsageError
from fukami.core.language import _
from fukami.core.problems import Problem
from fukami.data.files import uncompressed
from fukami.data.writing import FORMS, write
from fukami.serve.hosted import Hosted, Told
from fukami.serve.runs import ServedRun, told_of

MOST_ROWS = 100_000
MOST_UNPACKED = 1 << 30
"""Bytes that a spreadsheet may hold when it is unpacked."""
MEDIA = {
    ".csv": "text/csv; charset=utf-8",
    ".tsv": "text/tab-separated-values; charset=utf-8",
    ".jsonl": "application/jsonl",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".parquet": "application/vnd.apache.parquet",
}


TAKEN = (*MEDIA, ".ndjson", ".json")
"""Forms that are read for somebody over the network: others are unpacked, or claim more cells than they hold."""
MOST_CELLS = 20_000_000
_PLACE = re.compile(rb'r="([A-Z]{1,3})(\d{1,7})"')


class Answered(NamedTuple):
    """A table that was answered: what is told of each row by its name, and what is doubtful about the table."""

    names: list[Any]
    told: list[Told]
    notes: list[str]
    given: dict[str, list[Any]]


def answered_table(hosted: Hosted, name: str, content: bytes) -> Answered:
    """The rows of the table `content`, that somebody calls `name`. Raises `DataError`, `UsageError`."""
    if not hosted.tables or not isinstance(hosted, ServedRun):
        raise UsageError(
            "F-SERVE-TABLE",
            _("this run takes no tables over the network"),
            where=hosted.path.name,
            expected=_("one input, or several, as JSON or as files"),
        )
    ending = "".join(
        Path(name).suffixes[-2:] if Path(name).suffix in (".gz", ".bz2", ".zst", ".xz") else Path(name).suffixes[-1:]
    )
    if (own := Path(f"table{ending.lower()}").suffixes) == [] or own[0] not in TAKEN:
        what = _("this form of table is not taken over the network")
        raise DataError("F-SERVE-TABLE", what, expected=", ".join(TAKEN), got=ending)
    problems: list[Problem] = []
    with tempfile.TemporaryDirectory(prefix="fukami-") as folder:
        place = Path(folder) / f"table{ending.lower()}"
        place.write_bytes(content)
        _require_packed(place)
        group = from_table(hosted.run, place, Path(name).name, say=problems.append)
        if len(group.names) > MOST_ROWS:
            raise DataError(
                "F-SERVE-ROWS",
                _("the table has too many rows to be answered over the network"),
                expected=f"≤ {MOST_ROWS:,}",
                got=f"{len(group.names):,}",
                fix="fukami predict RUN TABLE --out ANSWERS",
            )
        told = told_of(hosted.run, group)
        given = rows_of(group, [{"input": one} for one in group.names], as_written=True)
    notes = [f"{one.code}  {one.what}" + (f" ({one.got})" if one.got else "") for one in problems]
    names = group.names if len(told) == len(group.names) else [group.table] * len(told)
    return Answered(names, told, notes, given)


def written(found: Answered, ending: str) -> bytes:
    """The table with its answers, in the form of `ending`. Raises `UsageError` F-OUT-KIND."""
    if ending not in FORMS:
        names = ", ".join(FORMS)
        raise UsageError("F-OUT-KIND", _("answers are not written in this form"), expected=names, got=ending)
    each = [_cells(one) for one in found.told]
    names = dict.fromkeys(name for cells in each for name in cells)
    answers = {name: [cells.get(name) for cells in each] for name in names}
    kept = {name: cells for name, cells in found.given.items() if len(cells) == len(each)}
    taken = {name if name not in kept else f"{name}_answered": cells for name, cells in answers.items()}
    with tempfile.TemporaryDirectory(prefix="fukami-") as folder:
        place = Path(folder) / f"answers{ending}"
        write({**kept, **taken}, place)
        return place.read_bytes()


def _cells(told: Told) -> dict[str, Any]:
    note = f"{told.error.code}  {told.error.what}" if told.error else told.note
    return {**({} if told.error else answer_cells(told.answer)), "notes": note or None}


def _require_packed(place: Path) -> None:
    """Raises `DataError` F-SERVE-LARGE where a table becomes too large when it is unpacked: a spreadsheet says how large, of
    others as much is unpacked as may be."""
    if zipfile.is_zipfile(place):
        if place.suffix != ".xlsx":
            raise DataError("F-SERVE-TABLE", _("this form of table is not taken over the network"), got="zip")
        with zipfile.ZipFile(place) as packed:
            size = sum(one.file_size for one in packed.infolist())
            sheets = [one for one in packed.namelist() if one.startswith("xl/worksheets/") and one.endswith(".xml")]
            if size <= MOST_UNPACKED and max((_cells_of(packed, sheet) for sheet in sheets), default=0) > MOST_CELLS:
                size = MOST_UNPACKED + 1
    elif place.suffix == ".parquet":
        size = MOST_UNPACKED + 1 if _rows_of(place) > MOST_ROWS else 0
    else:
        size = 0
        with uncompressed(place) as stream:
            try:
                while size <= MOST_UNPACKED and (part := stream.read(1 << 20)):
                    size += len(part)
            except (OSError, EOFError, ValueError, lzma.LZMAError, zlib.error):
                return  # a broken file: whoever reads it says so
    if size > MOST_UNPACKED:
        raise DataError(
            "F-SERVE-LARGE",
            _("the file becomes too large when it is decoded"),
            where=place.name,
            expected=f"≤ {MOST_UNPACKED:,}",
            got=f"{size:,}",
        )


def _cells_of(packed: zipfile.ZipFile, sheet: str) -> int:
    """How many cells the area of a sheet has from the first to the last that it names: it is laid out whole in memory."""
    columns = rows = 0
    with packed.open(sheet) as stream:
        rest = b""
        while part := stream.read(1 << 20):
            for letters, row in _PLACE.findall(rest + part):
                columns = max(columns, sum((letter - 64) * 26**at for at, letter in enumerate(reversed(letters))))
                rows = max(rows, int(row))
            rest = part[-16:]
    return columns * rows


def _rows_of(place: Path) -> int:
    """How many rows a Parquet file says it has; 0 where it is none: whoever reads it says so."""
    import pyarrow as pa
    from pyarrow import parquet

    try:
        return parquet.ParquetFile(place).metadata.num_rows
    except (pa.ArrowException, OSError):
        return 0

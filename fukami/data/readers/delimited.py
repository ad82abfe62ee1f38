"""A text table: CSV, TSV and their kin, compressed or not.

Delimiter, encoding and whether the first row is names are found out, told where they surprise, and can be set. Every cell stays
a string, trimmed, empty ones missing: what a column means is a field's work.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as _compute

from fukami.core.errors import DataError
from fukami.core.language import N_, _, _n
from fukami.core.problems import Problem
from fukami.core.recipe import DataChoices
from fukami.core.tables import Column, Table
from fukami.data import text_table
from fukami.data.encodings import to_utf8
from fukami.data.files import content, read_bytes, suffix
from fukami.data.readers.spreadsheet import EXTENSIONS as SPREADSHEETS

pc: Any = _compute  # its functions are made when it is imported, so checkers cannot see them
TOLD = N_("a text table")
EXTENSIONS = (".csv", ".tsv", ".tab", ".txt", ".data", ".test", ".psv", ".dat")


def claims(source: Path, kinds: tuple[str, ...]) -> float:
    """Certain for the usual extensions (whatever is inside: then the message can say what it is), possible for any text."""
    if not source.is_file():
        return 0.0
    if suffix(source) in EXTENSIONS[:3]:
        return 0.9
    if suffix(source) in (".jsonl", ".ndjson", ".json", ".parquet", ".npz", ".npy", *SPREADSHEETS, ".zip", ".tar"):
        return 0.0
    return 0.8 if content(source) in ("text", "empty") else 0.0


def read(source: Path, choices: DataChoices, *, kinds: tuple[str, ...] = (), names: list[str] | None = None) -> Table:
    """The table of one file. `names` are given where the file is known to have none (public data)."""
    where = str(source)
    _require_text(source)
    data, problems = to_utf8(read_bytes(source), where=where, encoding=choices.encoding)
    data, found = text_table.clean(data, where)
    problems += found
    if not data.strip():
        raise _empty(where, _("the file is empty"))
    form = text_table.find_form(data, extension=suffix(source), delimiter=_one_character(choices.delimiter))
    parsed, form = text_table.parse(data, form)
    problems += _form_notes(parsed, form, where)
    nameless: list[int] = []
    if names is None:
        first = [cells[0].as_py() for cells in parsed.cells if len(cells)]
        names, parsed, named = text_table.headed(parsed, choices.header)
        problems += _header_notes(parsed, choices, named, where)
        nameless = [i for i, name in enumerate(first) if named and not name]
    if len(names) != parsed.width:
        raise DataError(
            "F-TABLE-WIDTH",
            _("the table does not have the columns it should have"),
            where=where,
            expected=", ".join(names),
            got=_n("{n} cell in the first row", "{n} cells in the first row", parsed.width),
        )
    names, found = text_table.distinct(names, where)
    problems += found
    parsed, blank = text_table.without_empty_rows(parsed)
    if len(blank):
        what = _n("{n} row without any content was left out", "{n} rows without any content were left out", len(blank))
        lines = ", ".join([f"{where}:{line}" for line in blank[:5].tolist()] + ["…"] * (len(blank) > 5))
        problems.append(Problem(code="F-TABLE-BLANK", severity="note", what=what, where=lines, count=len(blank)))
    if not len(parsed):
        if not parsed.ragged:
            raise _empty(where, _("the table has names but no rows"))
        told = text_table.ragged_problem(parsed, where, quote_open=False)[0]
        raise DataError(told.code, told.what, where=told.where, expected=told.expected, got=told.got, fix=told.fix)
    told = {"delimiter": form.delimiter}
    columns = {
        name: _column(name, cells, source, parsed.lines, told | ({"name": ""} if i in nameless else {}))
        for i, (name, cells) in enumerate(zip(names, parsed.cells, strict=True))
    }
    return Table(name=where, columns=columns, problems=tuple(problems), layout="delimited")


def _column(name: str, cells: pa.Array, source: Path, lines, told: dict[str, str]) -> Column:
    present = pc.if_else(pc.equal(cells, ""), pa.scalar(None, cells.type), cells)
    return Column(name, present, base=source.parent, file=str(source), rows=lines, told=told)


def _one_character(delimiter: str) -> str:
    if delimiter == "auto" or len(delimiter) == 1 or delimiter in ("tab", "\\t", "comma", "semicolon"):
        return delimiter
    raise DataError(
        "F-TABLE-DELIMITER",
        _("cells are divided by one character"),
        expected=_("one character, or one of {names}").format(names="tab, comma, semicolon"),
        got=delimiter,
        fix="--set delimiter=tab",
    )


def _empty(where: str, what: str) -> DataError:
    return DataError(
        "F-TABLE-EMPTY",
        what,
        where=where,
        expected=_("a row per example"),
        fix=_("export the table again, or name another file"),
    )


def _require_text(source: Path) -> None:
    """A picture or spreadsheet that is called .csv gets a message about what it is."""
    found = content(source)
    if found == "text":
        return
    if found == "empty":
        raise _empty(str(source), _("the file is empty"))
    spreadsheet = found in ("xlsx", "ods", "old office document")
    name = source.with_suffix(".ods" if found == "ods" else ".xls" if found == "old office document" else ".xlsx").name
    raise DataError(
        "F-TABLE-CONTENT",
        _("the file is called a table, but holds something else"),
        where=str(source),
        expected=_("text: CSV or TSV"),
        got=_("a spreadsheet") if spreadsheet else found,
        fix=_("call it {name}: spreadsheets are read as they are").format(name=name)
        if spreadsheet
        else _("give the file its true extension, or name another file"),
    )


def _form_notes(parsed: text_table.Parsed, form: text_table.Form, where: str) -> list[Problem]:
    notes = text_table.ragged_problem(parsed, where, quote_open=False)
    if notes and (not form.quote or any(text.count('"') % 2 for _line, _cells, text in parsed.ragged)):
        notes = text_table.ragged_problem(parsed, where, quote_open=True)
    if not form.quote:
        what = _("quotation marks in this table do not pair, so they were read as plain characters")
        notes.append(Problem(code="F-TABLE-QUOTES", severity="note", what=what, where=where))
    if form.skip:
        what = _n("{n} line on top is a remark and was left out", "{n} lines on top are remarks and were left out", form.skip)
        notes.append(Problem(code="F-TABLE-REMARKS", severity="note", what=what, where=f"{where}:1", count=form.skip))
    return notes


def _header_notes(parsed: text_table.Parsed, choices: DataChoices, named: bool, where: str) -> list[Problem]:
    if named or choices.header == "no":
        return []
    return [
        Problem(
            code="F-TABLE-NO-NAMES",
            severity="note",
            what=_("the first row looks like an example, so the columns were called {first} … {last}").format(
                first="column1", last=f"column{parsed.width}"
            ),
            where=f"{where}:1",
            fix=_("if the first row is names: --set header=yes"),
        )
    ]


def with_problems(table: Table, problems: list[Problem]) -> Table:
    """The same table, with more to be said about it."""
    return replace(table, problems=(*table.problems, *problems))

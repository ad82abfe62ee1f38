"""The bytes of a text table → cells as strings, with the line each row began on and the rows that do not fit.

pyarrow parses; this page decides how (delimiter, quotes, names) and keeps count of lines. Nothing is dropped in silence: a row
with too few or too many cells is left out and told, and where such rows are more than a few the whole table is refused.
"""

import csv
import io
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as _compute
import pyarrow.csv as _csv

from fukami.core.errors import DataError
from fukami.core.language import _, _n, joined
from fukami.core.problems import Problem
from fukami.data import dialects
from fukami.data.names import USUAL, plain

pc: Any = _compute  # its functions are made when it is imported, so checkers cannot see them
MOST_RAGGED = 0.01
"""Up to this share of rows that do not fit are left out with a warning; more of them are an error."""
MOST_LINE_BYTES = 64 << 20
_SHOWN = 5


@dataclass(frozen=True)
class Form:
    """How a text table is written. `quote` is `"` or nothing; `skip` counts remarks on top; `tight` joins `, "` to `,"`."""

    delimiter: str = ","
    quote: str = '"'
    skip: int = 0
    tight: bool = False


@dataclass(frozen=True)
class Parsed:
    """`cells`: string columns of equal length, the names still among them. `lines` (N): where each row begins, from 1.

    `ragged` are (line, cells, text) of the rows that do not fit `width`.
    """

    cells: list[pa.Array]
    lines: np.ndarray
    ragged: list[tuple[int, int, str]]
    width: int

    def __len__(self) -> int:
        return len(self.lines)


def clean(data: bytes, where: str) -> tuple[bytes, list[Problem]]:
    """Old Macintosh line ends mended, zero bytes removed and told, endless lines refused."""
    problems = []
    if b"\r" in data and b"\n" not in data:
        data = data.replace(b"\r", b"\n")
    if zeros := data.count(0):
        line = data.count(b"\n", 0, data.index(0)) + 1
        if zeros > len(data) // 100:
            raise DataError(
                "F-TABLE-BINARY",
                _("the file is not a text table: it is full of zero bytes"),
                where=f"{where}:{line}",
                expected=_("text"),
                fix=_("export the table as CSV in UTF-8"),
            )
        problems.append(
            Problem(
                code="F-TABLE-ZEROS",
                severity="warning",
                what=_("{n} zero bytes stand in the text and were left out").format(n=zeros),
                where=f"{where}:{line}",
                fix=_("export the table again"),
                count=zeros,
            )
        )
        data = data.replace(b"\0", b"")
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == 10)
    longest = int(np.diff(ends, prepend=-1, append=len(data)).max()) if len(data) else 0
    if longest > MOST_LINE_BYTES:
        raise DataError(
            "F-TABLE-LINE",
            _("a line is {size} MB long, so this is hardly a table").format(size=longest >> 20),
            where=where,
            expected=_("one line per example"),
            fix=_("look at the file in an editor: line ends may be missing"),
        )
    return data, problems


def find_form(data: bytes, *, extension: str, delimiter: str = "auto") -> Form:
    """The form that the first lines suggest."""
    text = dialects.sample(data)
    chosen = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";"}.get(delimiter, delimiter)
    if told := dialects.told_delimiter(text):
        return Form(delimiter=told if delimiter == "auto" else chosen, skip=1)
    if delimiter == "auto":
        # Remarks may hide the delimiter, so both are looked at without the first lines that begin like one.
        body = "\n".join(line for line in text.splitlines() if line.lstrip()[:1] not in ("#", "%", "|")) or text
        chosen = dialects.find_delimiter(body, extension=extension)
    return Form(delimiter=chosen, skip=dialects.remarks_on_top(text, chosen))


def parse(data: bytes, form: Form) -> tuple[Parsed, Form]:
    """The rows, and the form that fits them best: quotes as quotes, quotes after a blank, or quotes as plain characters."""
    found = _parse(data, form)
    if found.ragged and (shorter := _without_empty_ends(data, found, form)) is not None:
        data, found = shorter, _parse(shorter, form)
    if b'"' not in data or not (found.ragged or _has_line_ends(found)):
        return found, form
    others = [replace(form, tight=True)] if found.ragged else []
    if not _quotes_pair(data, form):
        others.append(replace(form, quote=""))
    for other in others:
        tried = _parse(data, other)
        # A stray quotation mark swallows rows: reading it as a character then gives more rows and no more misfits.
        if len(tried.ragged) < len(found.ragged) or (len(tried.ragged) == len(found.ragged) and len(tried) > len(found)):
            found, form = tried, other
    return found, form


def _without_empty_ends(data: bytes, found: Parsed, form: Form) -> bytes | None:
    """The bytes without the delimiters at the ends of rows behind which nothing stands, and for which there is no name."""
    lines, mended = data.split(b"\n"), False
    for line, cells, text in found.ragged:
        excess, bare = cells - found.width, text.rstrip(" \r\n")
        if excess > 0 and "\n" not in text and bare.endswith(form.delimiter * excess):
            lines[line - 1], mended = bare[:-excess].encode(), True
    return b"\n".join(lines) if mended else None


def _parse(data: bytes, form: Form) -> Parsed:
    for _line in range(form.skip):
        data = data[data.index(b"\n") + 1 :] if b"\n" in data else b""
    if form.tight:
        mark = form.delimiter.encode()
        while mark + b' "' in data:
            data = data.replace(mark + b' "', mark + b'"')
    width = _width(data, form)
    misfits: list[tuple[int, int, str]] = []

    def misfit(row: _csv.InvalidRow) -> str:
        if row.text.strip():
            misfits.append((row.number or 0, row.actual_columns, row.text))
        else:
            blanks.append(row.number or 0)
        return "skip"

    blanks: list[int] = []
    names = [f"f{i}" for i in range(width)]
    table = _csv.read_csv(
        pa.BufferReader(data),
        read_options=_csv.ReadOptions(column_names=names, use_threads=False, block_size=min(len(data) + 16, 2**31 - 1)),
        parse_options=_csv.ParseOptions(
            delimiter=form.delimiter,
            quote_char=form.quote or False,
            newlines_in_values=bool(form.quote),
            invalid_row_handler=misfit,
        ),
        convert_options=_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False),
    )
    lines = _lines(data, form, table.num_rows + len(misfits) + len(blanks))
    kept = np.ones(len(lines), bool)
    kept[[number - 1 for number, *_rest in misfits] + [number - 1 for number in blanks]] = False
    ragged = [(int(lines[number - 1]) + form.skip, cells, text) for number, cells, text in misfits]
    cells = [_plain(column) for column in table.columns]
    return Parsed(cells, lines[kept] + form.skip, ragged, width)


def _width(data: bytes, form: Form) -> int:
    """Cells of the first row that is not empty."""
    csv.field_size_limit(MOST_LINE_BYTES)
    quoting = csv.QUOTE_MINIMAL if form.quote else csv.QUOTE_NONE
    text = dialects.sample(data)
    for row in csv.reader(io.StringIO(text, newline=""), delimiter=form.delimiter, quoting=quoting):
        if row:
            return len(row)
    return 1


def _lines(data: bytes, form: Form, rows: int) -> np.ndarray:
    """The line on which each of `rows` rows begins, from 1; blank lines are no rows.

    Counted from the positions of line ends outside quotes. Where a stray quotation mark makes that count wrong, Python's csv
    module counts instead (slow, exact).
    """
    raw = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(raw == 10)
    if form.quote and b'"' in data:
        quotes = np.flatnonzero(raw == 34)
        outside = np.searchsorted(quotes, ends) % 2 == 0
    else:
        outside = np.ones(len(ends), bool)
    row_ends = np.append(ends[outside], len(raw))
    starts = np.append(0, row_ends[:-1] + 1)
    length = row_ends - starts
    one = raw[np.minimum(starts, max(len(raw) - 1, 0))] == 13 if len(raw) else np.zeros(len(starts), bool)
    filled = (length > 1) | ((length == 1) & ~one)
    found = np.searchsorted(ends, starts[filled]) + 1
    if len(found) == rows:
        return found
    quoting = csv.QUOTE_MINIMAL if form.quote else csv.QUOTE_NONE
    reader = csv.reader(io.StringIO(data.decode(), newline=""), delimiter=form.delimiter, quoting=quoting)
    begins, last = [], 0
    for row in reader:
        if row:
            begins.append(last + 1)
        last = reader.line_num
    return np.array(begins) if len(begins) == rows else np.arange(1, rows + 1)


def _plain(column: pa.ChunkedArray) -> pa.Array:
    """One trimmed array; `large_string` where the characters of a column pass two gigabytes."""
    if column.nbytes >= 2**31 - 1:
        column = column.cast(pa.large_string())
    joined = column.combine_chunks()
    joined = pa.concat_arrays(joined.chunks) if isinstance(joined, pa.ChunkedArray) else joined
    return pc.utf8_trim_whitespace(joined)


def _quotes_pair(data: bytes, form: Form) -> bool:
    """Whether every quotation mark that opens a cell is closed at the end of one (slow: asked only where there is doubt)."""
    try:
        for _row in csv.reader(io.StringIO(data.decode(), newline=""), delimiter=form.delimiter, strict=True):
            pass
    except csv.Error:
        return False
    return True


def _has_line_ends(parsed: Parsed) -> bool:
    return any(pc.any(pc.match_substring(column, "\n")).as_py() for column in parsed.cells)


def headed(parsed: Parsed, header: str) -> tuple[list[str], Parsed, bool]:
    """The names of the columns, the rows below them, and whether the table itself named them.

    `header` is yes, no or auto. Columns without a name are called column1, column2, ….
    """
    rows = list(zip(*(column.slice(0, 200).to_pylist() for column in parsed.cells), strict=True))
    named = header == "yes" or (header == "auto" and dialects.has_header([list(row) for row in rows], known=Usual()))
    if not named or not rows:
        return [f"column{i + 1}" for i in range(parsed.width)], parsed, False
    cells = [column.slice(1) for column in parsed.cells]
    used = [i for i, name in enumerate(rows[0]) if name or pc.any(pc.not_equal(cells[i], "")).as_py()]  # else: a last comma
    names = [rows[0][i] or f"column{i + 1}" for i in used]
    return names, Parsed([cells[i] for i in used], parsed.lines[1:], parsed.ragged, len(used)), True


class Usual(frozenset):
    """Usual names, found whatever way blanks and hyphens are written."""

    def __contains__(self, name: object) -> bool:
        return plain(str(name)) in USUAL


def distinct(names: list[str], where: str) -> tuple[list[str], list[Problem]]:
    """Names made distinct (`age`, `age.2`), and the warning that says so.

    >>> distinct(["a", "a", "b"], "x.csv")[0]
    ['a', 'a.2', 'b']
    """
    seen: dict[str, int] = {}
    out = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        new = name if seen[name] == 1 else f"{name}.{seen[name]}"
        while new in out:
            new += "."
        out.append(new)
    twice = [name for name, count in seen.items() if count > 1]
    if not twice:
        return out, []
    return out, [
        Problem(
            code="F-TABLE-NAMES",
            severity="warning",
            what=_("several columns have the same name; the later ones were numbered"),
            where=where,
            got=", ".join(twice),
            fix=_("give every column a name of its own"),
            count=len(twice),
        )
    ]


def without_empty_rows(parsed: Parsed) -> tuple[Parsed, np.ndarray]:
    """The rows that hold anything, and the lines of those that do not (spreadsheets leave `,,,,` at the end)."""
    empty = np.ones(len(parsed), bool)
    for column in parsed.cells:
        empty &= pc.equal(column, "").to_numpy(zero_copy_only=False)
    if not empty.any():
        return parsed, parsed.lines[:0]
    kept = pa.array(np.flatnonzero(~empty))
    return replace(parsed, cells=[c.take(kept) for c in parsed.cells], lines=parsed.lines[~empty]), parsed.lines[empty]


def ragged_problem(parsed: Parsed, where: str, *, quote_open: bool) -> list[Problem]:
    """The rows that do not fit, as one problem: a warning where they are few, an error where they are many."""
    if not parsed.ragged:
        return []
    share = len(parsed.ragged) / (len(parsed) + len(parsed.ragged))
    shown = [_("line {line}: {n} cells").format(line=line, n=cells) for line, cells, _text in parsed.ragged[:_SHOWN]]
    fix = _("mend these lines; cells that hold the delimiter need quotation marks")
    if quote_open:
        fix = _("mend these lines; a quotation mark opens and is never closed")
    return [
        Problem(
            code="F-TABLE-RAGGED",
            severity="warning" if share <= MOST_RAGGED else "error",
            what=_n(
                "{n} row has too many or too few cells and was left out",
                "{n} rows have too many or too few cells and were left out",
                len(parsed.ragged),
            ),
            where=f"{where}:{parsed.ragged[0][0]}",
            expected=_("{n} cells in every row").format(n=parsed.width),
            got=joined("; ", [*shown, *(["…"] if len(parsed.ragged) > _SHOWN else [])]),
            fix=fix,
            count=len(parsed.ragged),
        )
    ]

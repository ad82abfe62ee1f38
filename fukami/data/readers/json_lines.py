"""JSON: one record per line, a list of records, or an object of columns, compressed or not."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from fukami.core.errors import DataError
from fukami.core.language import N_, _, _n, joined
from fukami.core.problems import Problem
from fukami.core.recipe import DataChoices
from fukami.core.tables import Table
from fukami.data import records, text_table
from fukami.data.encodings import to_utf8
from fukami.data.files import content, read_bytes, suffix

TOLD = N_("a table of JSON records")
EXTENSIONS = (".jsonl", ".ndjson", ".json")
_SHOWN = 5


def claims(source: Path, kinds: tuple[str, ...]) -> float:
    return 0.8 if source.is_file() and suffix(source) in EXTENSIONS else 0.0


def read(source: Path, choices: DataChoices, *, kinds: tuple[str, ...] = ()) -> Table:
    """The records of one file. Lines that are no record are left out and told: few as a warning, many as an error."""
    found = content(source)
    if found not in ("text", "empty"):
        raise DataError(
            "F-TABLE-CONTENT",
            _("the file is called a table, but holds something else"),
            where=str(source),
            expected=_("text: one JSON record per line"),
            got=found,
            fix=_("give the file its true extension, or name another file"),
        )
    data, problems = to_utf8(read_bytes(source), where=source, encoding=choices.encoding)
    text = data.decode().strip("\ufeff")
    if not text.strip():
        raise DataError("F-TABLE-EMPTY", _("the file is empty"), where=str(source), expected=_("a record per example"))
    rows, lines, told = _records(text, source)
    problems += told
    if not rows:
        raise DataError("F-TABLE-EMPTY", _("the file holds no records"), where=str(source), expected=_("a record per example"))
    columns, told = records.columns_of(rows, file=source, lines=lines)
    return Table(name=str(source), columns=columns, problems=(*problems, *told), layout="json-lines")


def _records(text: str, source: Path) -> tuple[list[dict[str, Any]], np.ndarray | None, list[Problem]]:
    first = text.lstrip()[0]
    if first == "[" or (first == "{" and not _is_record(text.lstrip().split("\n", 1)[0])):
        return _whole(text, source), None, []
    rows, lines, bad = [], [], []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        if isinstance(row, dict) and not _half_characters(line, row):
            rows.append(row)
            lines.append(number)
        else:
            bad.append((number, line.strip()[:40]))
    if len(rows) == 1 and not bad and isinstance(whole := _columnwise(rows[0]), list):
        return whole, None, []
    return rows, np.array(lines), _bad_lines(bad, len(rows), source)


def _half_characters(line: str, row: Any) -> bool:
    r"""Whether an escape such as \ud83d stands without its other half: no text can hold that."""
    if "\\ud" not in line.lower():
        return False
    try:
        json.dumps(row, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False


def _is_record(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _bad_lines(bad: list[tuple[int, str]], good: int, source: Path) -> list[Problem]:
    if not bad:
        return []
    shown = joined("; ", [_("line {line}: {text}").format(line=line, text=text) for line, text in bad[:_SHOWN]])
    return [
        Problem(
            code="F-JSON-LINES",
            severity="warning" if len(bad) <= text_table.MOST_RAGGED * (good + len(bad)) else "error",
            what=_n("{n} line is no JSON record and was left out", "{n} lines are no JSON record and were left out", len(bad)),
            where=f"{source}:{bad[0][0]}",
            expected='{"text": "…", "label": "…"}',
            got=shown,
            fix=_("mend these lines"),
            count=len(bad),
        )
    ]


def _whole(text: str, source: Path) -> list[dict[str, Any]]:
    """The records of a file that is one JSON value: a list, an object of lists, or an object that holds a list."""
    try:
        value = json.loads(text)
    except RecursionError:
        value = None
    except ValueError as error:
        line = getattr(error, "lineno", 1)
        raise DataError(
            "F-JSON-SYNTAX",
            _("the file is not valid JSON"),
            where=f"{source}:{line}",
            expected=_("one record per line, or a list of records"),
            got=str(error),
            fix=_("mend this line"),
        ) from None
    rows = value if isinstance(value, list) else _columnwise(value) if isinstance(value, dict) else None
    if isinstance(rows, list) and rows and all(isinstance(row, list) for row in rows):
        rows = [{f"column{i + 1}": cell for i, cell in enumerate(row)} for row in rows]
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise DataError(
            "F-JSON-SHAPE",
            _("the JSON file does not hold a table"),
            where=str(source),
            expected='[{"text": "…", "label": "…"}, …]',
            got=type(value).__name__,
            fix=_("write one record per example"),
        )
    return rows


def _columnwise(value: dict[str, Any]) -> list[Any] | None:
    """`{"a": [1, 2], "b": [3, 4]}` as records, or the only list of records in `{"version": 1, "data": [...]}`; else None."""
    inside = [v for v in value.values() if isinstance(v, list) and v and all(isinstance(row, dict) for row in v)]
    if len(inside) == 1:
        return inside[0]
    lists = all(isinstance(v, list) for v in value.values())
    if value and lists and len({len(v) for v in value.values()}) == 1 and not inside:
        return [dict(zip(value, row, strict=True)) for row in zip(*value.values(), strict=True)]
    return None

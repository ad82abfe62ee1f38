"""Texts with two marked spans and the relation between them: SemEval-2010 task 8, TACRED, and records with places.

All become a column `text` with `<e1>…</e1>` and `<e2>…</e2>`, and a column `relation` where relations are given.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from fukami.core.errors import DataError
from fukami.core.language import N_, _, _n
from fukami.core.problems import Problem
from fukami.core.recipe import DataChoices
from fukami.core.tables import Column, Table
from fukami.data.encodings import to_utf8
from fukami.data.files import content, is_junk, read_bytes, suffix
from fukami.data.joined import joined
from fukami.data.parts import part_in
from fukami.fields.marked.field import spanned

TOLD = N_("texts with two marked spans, as SemEval-2010 task 8 and TACRED write them")
FOR = ("marked",)
_SAMPLE = 1 << 16
_LINE = re.compile(r'^(\d+)\t"?(.*?)"?\s*$')
_SHOWN = 5
_SPANS = (("e1", "e2"), ("head", "tail"), ("h", "t"), ("subject", "object"), ("subj", "obj"), ("entity1", "entity2"))


def claims(source: Path, kinds: tuple[str, ...]) -> float:
    """Certain where the first lines are of such a form; of others nothing, unless relations are asked for."""
    if kinds and not set(FOR) & set(kinds):
        return 0.0
    if source.is_dir():
        return 0.95 if _files(source) else 0.0
    if not source.is_file() or content(source) != "text":
        return 0.0
    head = read_bytes(source, only=_SAMPLE).decode("utf-8", "replace").lstrip("\ufeff \r\n\t")
    if suffix(source) in (".json", ".jsonl", ".ndjson"):
        first = _first(head.lstrip("["))
        return 0.95 if isinstance(first, dict) and _spans_of(first) is not None else 0.0
    return 0.95 if _is_semeval(head) else 0.0


def read(source: Path, choices: DataChoices, *, kinds: tuple[str, ...] = ()) -> Table:
    """The examples of one file, or of a folder's files as its parts."""
    if source.is_file():
        return table_of(source, choices)
    parts = [(_part(path), table_of(path, choices)) for path in _files(source)]
    return joined(parts, name=str(source), layout="relations") if len(parts) > 1 else parts[0][1]


def _part(path: Path) -> str:
    return part_in(path.name.lower().partition(".")[0].replace("-", "_"))


def _files(folder: Path) -> list[Path]:
    """The files of a folder that hold relations, those whose sentences stand in another with relations left out."""
    found = [p for p in sorted(folder.iterdir()) if p.is_file() and not is_junk(p.name) and claims(p, ())]
    full = {_part(path) for path in found if "full" in path.name.lower()}
    return [path for path in found if "full" in path.name.lower() or _part(path) not in full]


def _is_semeval(head: str) -> bool:
    line = _LINE.match(head.split("\n", 1)[0])
    return line is not None and "<e1>" in line[2] and "<e2>" in line[2]


def _first(text: str) -> Any:
    try:
        return json.JSONDecoder().raw_decode(text.lstrip())[0]
    except (ValueError, RecursionError):
        return None


def table_of(path: Path, choices: DataChoices) -> Table:
    """The examples of one file. Raises `DataError` where there are none."""
    data, problems = to_utf8(read_bytes(path), where=path, encoding=choices.encoding)
    text = data.decode().lstrip("\ufeff")
    is_json = suffix(path) in (".json", ".jsonl", ".ndjson")
    examples = list(_records(text, path) if is_json else _sentences(text))
    good = [one for one in examples if one[1]]
    if not good:
        raise DataError(
            "F-TABLE-EMPTY",
            _("the file holds no text with two marked spans"),
            where=str(path),
            expected="A <e1>cat</e1> on a <e2>mat</e2>.",
        )
    lost = [number for number, marked, _relation in examples if not marked]
    if lost:
        problems.append(_lost(lost, len(examples), path))
    told = {"base": path.parent, "file": str(path), "rows": np.array([number for number, *_rest in good])}
    columns = {"text": Column("text", pa.array([marked for _number, marked, _relation in good], pa.string()), **told)}
    if any(relation is not None for *_rest, relation in good):
        relations = pa.array([relation for *_rest, relation in good], pa.string())
        columns["relation"] = Column("relation", relations, **told)
    hints = {"text": "text", "relation": "relation"} if "relation" in columns else {"text": "text"}
    return Table(name=str(path), columns=columns, problems=tuple(problems), hints=hints, layout="relations")


def _lost(lines: list[int], total: int, path: Path) -> Problem:
    return Problem(
        code="F-RELATIONS-SPANS",
        severity="warning" if len(lines) < 0.05 * total else "error",
        what=_n(
            "{n} example has no two spans that lie in its text, and was left out",
            "{n} examples have no two spans that lie in their text, and were left out",
            len(lines),
        ),
        where=", ".join(f"{path}:{line}" for line in lines[:_SHOWN]) + (", …" if len(lines) > _SHOWN else ""),
        expected=_("two spans that do not overlap"),
        fix=_("mend these places"),
        count=len(lines),
    )


Example = tuple[int, str, str | None]
"""Its line, the marked text (empty where the spans are not right) and the relation."""


def _sentences(text: str) -> Iterator[Example]:
    """SemEval: a number, a tab and the sentence; on the next line the relation, and a comment behind it."""
    lines = text.splitlines()
    for at, line in enumerate(lines):
        found = _LINE.match(line)
        if found is None:
            continue
        following = lines[at + 1].strip() if at + 1 < len(lines) else ""
        is_relation = bool(following) and not _LINE.match(lines[at + 1]) and not following.startswith("Comment")
        yield at + 1, found[2].strip(), following if is_relation else None


def _records(text: str, path: Path) -> Iterator[Example]:
    try:
        whole = text.lstrip().startswith("[")
        lines = [(1, row) for row in json.loads(text)] if whole else None
        lines = lines or [(n, json.loads(line)) for n, line in enumerate(text.split("\n"), 1) if line.strip()]
    except (ValueError, RecursionError) as error:
        where = f"{path}:{getattr(error, 'lineno', 1)}"
        raise DataError("F-JSON-SYNTAX", _("the file is not valid JSON"), where=where, got=str(error)) from None
    for at, (line, row) in enumerate(lines, 1):
        marked = _spans_of(row) if isinstance(row, dict) else None
        relation = row.get("relation", row.get("label")) if isinstance(row, dict) else None
        yield at if whole else line, marked or "", None if relation is None else str(relation)


def _spans_of(row: dict[str, Any]) -> str | None:
    """The marked text of a record; None where it has no two spans, empty where they do not lie in its text."""
    words = row.get("token", row.get("tokens"))
    if isinstance(words, list) and "subj_start" in row and "obj_start" in row:  # TACRED: the last word belongs to the span
        spans = [(row[f"{side}_start"], row.get(f"{side}_end", -2)) for side in ("subj", "obj")]
        if not all(isinstance(place, int) for span in spans for place in span):
            return ""
        return _of_words(words, *((start, end + 1) for start, end in spans))
    for first, second in _SPANS:
        places = [place for name in (first, second) if (place := _place(row.get(name))) is not None]
        if len(places) < 2:
            continue
        if isinstance(row.get("text"), str):
            return spanned(row["text"], *places)
        if isinstance(words, list):
            return _of_words(words, *places)
    text = row.get("text", row.get("sentence"))
    return text if isinstance(text, str) and "<e1>" in text and "<e2>" in text else None


def _place(value: Any) -> tuple[int, int] | None:
    """`[3, 7]`, `{"start": 3, "end": 7}`, or the `pos` of such."""
    if isinstance(value, dict):
        value = value.get("pos", [value.get("start"), value.get("end")])
    if isinstance(value, list) and len(value) == 2 and all(isinstance(one, int) for one in value):
        return value[0], value[1]
    return None


def _of_words(words: list[Any], first: tuple[int, int], second: tuple[int, int]) -> str:
    """Words with blanks between them, and spans of words as those of characters."""
    words = [str(word) for word in words]
    starts = np.concatenate([[0], np.cumsum([len(word) + 1 for word in words])]).tolist()
    if not all(0 <= a < b <= len(words) for a, b in (first, second)):
        return ""
    return spanned(" ".join(words), *((starts[a], starts[b] - 1) for a, b in (first, second)))

"""Pairs of texts: two files of as many lines each (`train.en`, `train.ja`), or a table of two columns of texts.

Of files, the ending says the language and the rest of the name the part (`dev.en`, `test.src`). What is read first is
translated into the other: English where it is one of the two, else in the order of the alphabet or of the columns.
It is told, and `--set text=ja --set translation=en` turns it round.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from fukami.core.cards import cards
from fukami.core.errors import DataError
from fukami.core.language import N_, _
from fukami.core.problems import Problem
from fukami.core.recipe import DataChoices
from fukami.core.tables import Column, Table
from fukami.data.encodings import to_utf8
from fukami.data.files import content, is_junk, read_bytes
from fukami.data.joined import joined
from fukami.data.parts import part_in
from fukami.data.readers import delimited, json_lines
from fukami.fields import cells
from fukami.fields.text.field import Text

TOLD = N_("pairs of texts, in two files or two columns")
FOR = ("sentence",)
SOURCES = ("src", "source", "input", "from", "原文")
TARGETS = ("tgt", "trg", "target", "output", "to", "訳", "訳文")
_NAMED = re.compile(
    r"^(?P<stem>.*?)[._-]?(?P<side>src|tgt|trg|source|target|eng|jpn|deu|fra|spa|zho|kor|rus|[a-z]{2}(?:[-_][A-Za-z]{2,4})?)$"
)
_OTHERS = ("md", "py", "sh", "db", "gz", "xz", "js", "ts", "go", "rs", "so", "7z")
"""Endings of two letters that name no language."""


def claims(source: Path, kinds: tuple[str, ...]) -> float:
    """Sure of a folder with files that pair, and of a table where texts are to be written."""
    if not set(FOR) & set(kinds):
        return 0.0
    if source.is_dir():
        return 0.95 if _groups(source) else 0.0
    return 0.9 if delimited.claims(source, kinds) or json_lines.claims(source, kinds) else 0.0


def read(source: Path, choices: DataChoices, *, kinds: tuple[str, ...] = ()) -> Table:
    """A column for each language, or those of the table."""
    if source.is_file():
        reader = json_lines if json_lines.claims(source, kinds) else delimited
        table = reader.read(source, choices)
        if reader is delimited and choices.header == "auto" and any(map(_is_sentence, table.columns)):
            table = reader.read(source, replace(choices, header="no"))
        return directed(_unnested(table), choices)
    groups = _groups(source)
    order = {"train": 0, "": 1, "valid": 2, "test": 3}
    tables = [(part_in(stem), of_files(files, choices)) for stem, files in groups.items()]
    tables = sorted(tables, key=lambda one: order[one[0]])
    table = joined(tables, name=str(source), layout="parallel") if len(tables) > 1 else tables[0][1]
    return directed(replace(table, name=str(source)), choices)


def of_files(files: dict[str, Path], choices: DataChoices) -> Table:
    """Language → file, as a table of a line a row. Raises `DataError` F-PARALLEL-LINES where they do not pair."""
    columns, problems = {}, []
    for side, path in files.items():
        if (held := content(path)) not in ("text", "empty"):
            raise DataError("F-FILE-KIND", _("this kind of file cannot be read as data"), where=str(path), got=held)
        data, noticed = to_utf8(read_bytes(path), where=str(path), encoding=choices.encoding)
        problems += noticed
        lines = data.decode().removeprefix("\ufeff").replace("\r\n", "\n").removesuffix("\n").split("\n")
        values = pa.array([line.strip() for line in lines], pa.large_string())
        columns[side] = Column(side, values, base=path.parent, file=str(path), rows=np.arange(1, len(lines) + 1))
    counts = {str(files[side]): len(column) for side, column in columns.items()}
    if len(set(counts.values())) > 1:
        raise DataError(
            "F-PARALLEL-LINES",
            _("files whose lines belong together have different numbers of lines"),
            where=", ".join(counts),
            expected=_("as many lines in each, line by line the same sentence"),
            got=", ".join(f"{count:,}" for count in counts.values()),
            fix=_("look for a sentence that is broken over two lines, or for one that is missing"),
        )
    return Table(", ".join(counts), columns, problems=tuple(problems), layout="parallel")


def directed(table: Table, choices: DataChoices) -> Table:
    """The table with what is translated into what, where two columns of texts leave no other question."""
    texts = [name for name, column in table.columns.items() if _is_text(column)]
    named = [name for name in texts if _known(name)]
    texts = named if len(named) == 2 else texts
    if len(texts) != 2 or choices.columns:
        return table
    first, second = sorted(texts, key=_precedence) if all(map(_known, texts)) else _by_names(texts)
    told = Problem(
        code="F-PARALLEL-DIRECTION",
        severity="note",
        what=_("{first} is translated into {second}").format(first=first, second=second),
        where=table.name,
        fix=_("the other way round: {options}").format(options=f"--set text={second} --set translation={first}"),
    )
    hints = {**table.hints, "input": first, "target": second}
    return replace(table, hints=hints, problems=(*table.problems, told))


def _groups(folder: Path) -> dict[str, dict[str, Path]]:
    """What the names of files have in common → language → file, of those that pair."""
    found: dict[str, dict[str, Path]] = {}
    for path in sorted(folder.iterdir()):
        name = re.sub(r"\.(txt|gz|bz2|xz|zst)$", "", re.sub(r"\.(gz|bz2|xz|zst)$", "", path.name))
        match = _NAMED.match(name)
        if match and path.is_file() and not is_junk(path.name) and match["side"] not in _OTHERS:
            found.setdefault(match["stem"], {})[match["side"]] = path
    pairs = {stem: files for stem, files in found.items() if len(files) > 1}
    common = set.intersection(*(set(files) for files in pairs.values())) if pairs else set()
    sides = sorted(common, key=_precedence)
    return {stem: {side: files[side] for side in sides} for stem, files in pairs.items()} if len(sides) > 1 else {}


def _known(side: str) -> bool:
    """Whether a name says a language or a side."""
    match = _NAMED.match(side)
    return side in (*SOURCES, *TARGETS) or (match is not None and not match["stem"])


def _precedence(side: str) -> tuple[bool, bool, bool, str]:
    """What is translated sorts before what it is translated into."""
    return side in TARGETS, side not in SOURCES, side.lower()[:2] != "en", side


def _by_names(texts: Sequence[str]) -> list[str]:
    """Both columns as they stand, but for a name that says that it is the answer."""
    usual = cards("fields")["sentence"].usual_targets  # type: ignore[attr-defined]
    return sorted(texts, key=lambda name: name.lower() in usual)


def _is_sentence(name: str) -> bool:
    """Whether what was taken for the name of a column is a sentence of the first row."""
    return len(name.split()) > 3 or name.rstrip().endswith((".", "!", "?", "。", "！", "？"))


def _is_text(column: Column) -> bool:
    """Whether most cells hold letters."""
    if not Text.recognise(column):
        return False
    some = cells.strings(cells.sample(column, 1000))
    return 2 * sum(any(map(str.isalpha, text)) for text in some) > len(some)


def _unnested(table: Table) -> Table:
    """A column of objects with a text for each language (`{"translation": {"en": …, "ja": …}}`) as columns of their own."""
    for name, column in table.columns.items():
        if column.is_array or not str(next(iter(column.values.drop_null()), "")).startswith("{"):
            continue
        try:
            rows = [json.loads(cell) if cell else {} for cell in column.values.to_pylist()]
        except ValueError:
            continue
        if not all(isinstance(row, dict) for row in rows):
            continue
        sides = dict.fromkeys(side for row in rows for side in row if isinstance(row[side], str))
        inner = {side: pa.array([row.get(side) for row in rows], pa.string()) for side in sides}
        columns = {other: kept for other, kept in table.columns.items() if other != name}
        columns |= {side: replace(column, name=side, values=values) for side, values in inner.items()}
        problems = tuple(problem for problem in table.problems if problem.code != "F-JSON-CELLS")
        return replace(table, columns=columns, problems=problems)
    return table

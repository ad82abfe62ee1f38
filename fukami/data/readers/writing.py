"""Texts and what is written from them, in tables: JSON lines, CSV, TSV; several right texts stand in a list, or in columns of
one name with numbers (`summary1`, `summary2`).

A text is known by what people call it (`dialogue` and `summary`, `question` and `answer`, `input` and `output`); else the one
column that is left beside the answer is read. Chats (`messages`) are the language model's.
"""

import json
import re
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from fukami.core.cards import card
from fukami.core.language import N_, _
from fukami.core.problems import Problem
from fukami.core.recipe import DataChoices
from fukami.core.tables import Column, Table, plain
from fukami.data.readers import delimited, json_lines
from fukami.fields import cells
from fukami.fields.text.field import Text
from fukami.fields.text.tokenization import has_text

TOLD = N_("texts, and what is written from them")
FOR = ("written",)
SOURCES = (
    "dialogue", "dialog", "conversation", "article", "document", "body", "content", "source", "src", "input", "prompt",
    "question", "instruction", "wrong", "incorrect", "original", "text", "会話", "対話", "記事", "本文", "入力", "質問", "問題",
    "原文", "誤",
)  # fmt: skip
"""What people call what is read."""
_NUMBERED = re.compile(r"^(.*?)[ _.-]?(\d+)$")


def claims(source: Path, kinds: tuple[str, ...]) -> float:
    """Sure of a table where such texts are to be written."""
    if not set(FOR) & set(kinds) or not source.is_file():
        return 0.0
    return 0.9 if delimited.claims(source, kinds) or json_lines.claims(source, kinds) else 0.0


def read(source: Path, choices: DataChoices, *, kinds: tuple[str, ...] = ()) -> Table:
    """The table with right texts in one column, and what is read and written named."""
    reader = json_lines if json_lines.claims(source, kinds) else delimited
    table = reader.read(source, choices)
    known = any(plain(name) in (*SOURCES, *_answers()) for name in table.columns)
    wordy = all(len(name.split()) > 3 for name in table.columns)
    if reader is delimited and choices.header == "auto" and wordy and not known and not choices.columns:
        table = reader.read(source, replace(choices, header="no"))
    return directed(together(table), choices)


def together(table: Table) -> Table:
    """Columns that are numbered and hold texts become one, in which a cell is a text or a JSON list of texts."""
    groups: dict[str, list[str]] = {}
    for name in table.columns:
        if (match := _NUMBERED.match(name)) and plain(match[1]) in _answers():
            groups.setdefault(match[1], []).append(name)
    columns = {name: _listed(column) for name, column in table.columns.items()}
    for name, members in groups.items():
        if len(members) < 2 and name not in columns:
            continue
        names = [*([name] if name in columns else []), *members]
        texts = [cells.strings(columns.pop(member)) for member in names]
        rows = [[text for text in row if has_text(text)] for row in zip(*texts, strict=True)]
        values = [json.dumps(row, ensure_ascii=False) if len(row) > 1 else (row or [""])[0] for row in rows]
        columns[name] = replace(table.columns[names[0]], name=name, values=pa.array(values, pa.large_string()))
    return replace(table, columns=columns)


def _listed(column: Column) -> Column:
    """Lists of texts as JSON."""
    if column.is_array or not (pa.types.is_list(column.values.type) or pa.types.is_large_list(column.values.type)):
        return column
    rows = [json.dumps(row, ensure_ascii=False) if row else "" for row in column.values.to_pylist()]
    return replace(column, values=pa.array(rows, pa.large_string()))


def directed(table: Table, choices: DataChoices) -> Table:
    """The table with what is read and what is written, where their names or their number leave no other question."""
    if choices.columns:
        return table
    texts = [name for name, column in table.columns.items() if Text.recognise(column) > 0]
    answers = [name for name in texts if plain(name) in _answers()]
    sources = [name for name in texts if plain(name) in SOURCES and name not in answers]
    if not answers and len(texts) == 2:
        answers = [name for name in texts if name not in sources][-1:]
    left = [name for name in texts if name not in answers]
    sources = sources if len(sources) == 1 else left if len(left) == 1 else []
    if len(answers) != 1 or not sources:
        return table
    told = Problem(
        code="F-WRITTEN-COLUMNS",
        severity="note",
        what=_("{answer} is written from {source}").format(answer=answers[0], source=sources[0]),
        where=table.name,
        fix=_("other columns: {options}").format(options="--set input=COLUMN --set target=COLUMN"),
    )
    hints = {**table.hints, "input": sources[0], "target": answers[0]}
    return replace(table, hints=hints, problems=(*table.problems, told))


def _answers() -> frozenset[str]:
    return frozenset(map(plain, card("fields", "written").usual_targets))

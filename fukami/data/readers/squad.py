"""Questions about texts in the form of SQuAD 1.1 and 2.0: articles, paragraphs, questions about each (JSQuAD as well).

Questions of one article never stand in two parts. One that `is_impossible` has no answer.
"""

import json
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
from fukami.data.files import content, read_bytes, suffix

TOLD = N_("questions about texts, as SQuAD writes them")
FOR = ("extract",)
_SAMPLE = 1 << 14
_SHOWN = 5


def claims(source: Path, kinds: tuple[str, ...]) -> float:
    """Certain where the file begins as SQuAD's do."""
    if not source.is_file() or suffix(source) != ".json" or content(source) != "text":
        return 0.0
    head = read_bytes(source, only=_SAMPLE).decode("utf-8", "replace").lstrip("\ufeff \t\r\n")
    return float(head.startswith("{") and '"paragraphs"' in head and '"data"' in head)


def read(source: Path, choices: DataChoices, *, kinds: tuple[str, ...] = ()) -> Table:
    """Columns `context`, `question` and `answers` (JSON). What lacks a context or a question is left out and
    told. Raises `DataError` where the file is no such JSON, or holds no question."""
    data, problems = to_utf8(read_bytes(source), where=source, encoding=choices.encoding)
    try:
        articles = json.loads(data.decode().strip("\ufeff"))["data"]
        rows, bad = _rows(articles)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DataError(
            "F-SQUAD-SHAPE",
            _("the file does not hold questions in the form of SQuAD"),
            where=str(source),
            expected='{"data": [{"title": "…", "paragraphs": [{"context": "…", "qas": […]}]}]}',
            got=f"{type(error).__name__}: {error}"[:80],
            fix=_("write it anew, or give a table with the columns context, question and answers"),
        ) from None
    if not rows:
        raise DataError(
            "F-SQUAD-EMPTY", _("the file holds no question"), where=str(source), expected='"qas": [{"question": "…"}]'
        )
    told = {"base": source.parent, "file": str(source), "rows": np.array([row["number"] for row in rows])}
    names = ("context", "question", "answers")
    columns = {name: Column(name, pa.array([row[name] for row in rows], pa.string()), **told) for name in names}
    return Table(
        name=str(source),
        columns=columns,
        problems=(*problems, *_left_out(bad, source)),
        hints={"extract": "answers"},
        layout="squad",
        origin=np.array([row["article"] for row in rows]),
    )


def _rows(articles: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[str]]:
    """A row for each question, and where what could not be used stands."""
    rows, bad, number = [], [], 0
    for at, article in enumerate(articles):
        for inner, paragraph in enumerate(article["paragraphs"]):
            context = paragraph.get("context")
            for one in paragraph.get("qas", ()):
                number += 1
                question = one.get("question")
                if not (isinstance(context, str) and context.strip() and isinstance(question, str) and question.strip()):
                    bad.append(f"data[{at}].paragraphs[{inner}] ({one.get('id', number)})")
                    continue
                told = {"context": context, "question": question, "answers": _answers(one)}
                rows.append({**told, "article": at, "number": number})
    return rows, bad


def _answers(one: dict[str, Any]) -> str | None:
    """The right answers as a cell; None where nothing is said of them."""
    if one.get("is_impossible"):
        return "[]"
    return json.dumps(one["answers"], ensure_ascii=False) if "answers" in one else None


def _left_out(bad: list[str], source: Path) -> Iterator[Problem]:
    if bad:
        yield Problem(
            code="F-SQUAD-ENTRY",
            severity="warning",
            what=_n("{n} question lacks its words or its text", "{n} questions lack their words or their text", len(bad)),
            where=f"{source}: {', '.join(bad[:_SHOWN])}",
            expected='"context": "…", "question": "…"',
            fix=_("they were left out; mend the file"),
            count=len(bad),
        )

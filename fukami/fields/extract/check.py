"""What the doctor finds in answers: cells that say nothing or cannot be read, and answers that do not stand in their text."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from fukami.core.language import _, _n
from fukami.core.problems import Problem
from fukami.core.tables import Column
from fukami.fields import cells
from fukami.fields.extract import marks
from fukami.fields.frame import Line


def check_answers(column: Column) -> Iterator[Problem]:
    """Cells on their own."""
    found = marks.told(column)
    unread = [row for row, one in enumerate(found) if isinstance(one, str)]
    if unread:
        yield Problem(
            code="F-EXTRACT-FORM",
            severity="warning",
            what=_n("{n} cell is no answer and was left out", "{n} cells are no answers and were left out", len(unread)),
            where=cells.places(column, np.array(unread)),
            expected='{"text": ["…"], "answer_start": [12]}',
            got=str(found[unread[0]]),
            fix=_("give the answer as it stands in the text, and the character that it begins at"),
            count=len(unread),
        )


@dataclass(frozen=True)
class Against:
    """What came of comparing answers with their texts: which examples can be used, and what is to be told."""

    fits: np.ndarray
    problems: list[Problem]


def against_texts(column: Column, line: Line) -> Against:
    """Answers beside the texts that they should stand in. Examples of which no answer does are not used."""
    moved, missing, several, beyond = [], [], [], []
    fits = np.ones(len(column), bool)
    example: dict[str, str] = {}
    for row, (one, text, ends_L) in enumerate(zip(marks.told(column), line.texts, line.ends, strict=True)):
        if not isinstance(one, list) or not one:
            continue
        place = marks.placed(one, text)
        fits[row] = bool(place.spans)
        for told, rows, name in ((place.moved, moved, "moved"), (place.several, several, "several")):
            if told:
                rows.append(row)
                example.setdefault(name, _said(told[0]))
        if place.missing:
            missing.append(row)
            example.setdefault("missing", _said(place.missing[0]))
        read = ends_L[-1] if len(ends_L) else 0
        if place.spans and all(end > read for _start, end in place.spans):
            beyond.append(row)
            fits[row] = False
    problems = [
        *_missing(column, missing, fits, example.get("missing", "")),
        *_moved(column, moved, example.get("moved", "")),
        *_several(column, several, example.get("several", "")),
        *_beyond(column, beyond),
    ]
    return Against(fits, problems)


def _said(one: marks.Told) -> str:
    text = "" if one.text is None else one.text[:60]
    return f"{text} ({one.start})" if one.start is not None else text


def _missing(column: Column, rows: list[int], fits: np.ndarray, got: str) -> Iterator[Problem]:
    if rows:
        lost = int((~fits[rows]).sum())
        yield Problem(
            code="F-EXTRACT-MISSING",
            severity="warning",
            what=_n(
                "an answer of {n} question does not stand in its text; without any that does, {lost} are left out",
                "answers of {n} questions do not stand in their texts; without any that does, {lost} are left out",
                len(rows),
                lost=lost,
            ),
            where=cells.places(column, np.array(rows)),
            expected=_("an answer that is part of the text"),
            got=got,
            fix=_("quote the text letter by letter"),
            count=len(rows),
        )


def _moved(column: Column, rows: list[int], got: str) -> Iterator[Problem]:
    if rows:
        yield Problem(
            code="F-EXTRACT-MOVED",
            severity="warning",
            what=_n(
                "{n} answer stands elsewhere in its text than is said; the nearest place with its words was taken",
                "{n} answers stand elsewhere in their texts than is said; the nearest places with their words were taken",
                len(rows),
            ),
            where=cells.places(column, np.array(rows)),
            expected=_("the character that the answer begins at, from 0"),
            got=got,
            fix=_("count characters, not bytes, of the text as it is, blanks and all"),
            count=len(rows),
        )


def _several(column: Column, rows: list[int], got: str) -> Iterator[Problem]:
    if rows:
        yield Problem(
            code="F-EXTRACT-SEVERAL",
            severity="note",
            what=_n(
                "the words of {n} answer stand in its text more than once; the first place was taken",
                "the words of {n} answers stand in their texts more than once; the first place was taken",
                len(rows),
            ),
            where=cells.places(column, np.array(rows)),
            got=got,
            fix=_("say where it begins, in cells such as {example}").format(example='{"text": "1", "answer_start": 7}'),
            count=len(rows),
        )


def _beyond(column: Column, rows: list[int]) -> Iterator[Problem]:
    if rows:
        yield Problem(
            code="F-EXTRACT-BEYOND",
            severity="warning",
            what=_n(
                "{n} question was left out: its answer stands behind what is read of its text",
                "{n} questions were left out: their answers stand behind what is read of their texts",
                len(rows),
            ),
            where=cells.places(column, np.array(rows)),
            fix=_("read more of each text: {command}").format(command="--set max_words=N"),
            count=len(rows),
        )

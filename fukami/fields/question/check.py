"""What the doctor finds in questions about texts, besides what it finds in any text."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from fukami.core.language import _, _n
from fukami.core.problems import Problem
from fukami.core.tables import Column
from fukami.fields import cells
from fukami.fields.text.check import check_texts
from fukami.fields.words.cutting import Sentence


def of_texts(found: Iterable[Problem]) -> Iterator[Problem]:
    """What was found in the texts, which may be long: F-WORDS-LONG says of which not all is read."""
    return (problem for problem in found if problem.code != "F-TEXT-LONG")


def questions(column: Column, sentences: Sequence[Sentence], most: int) -> Iterator[Problem]:
    """Questions on their own: what any text can lack, and those of which only the beginning is read."""
    for problem in check_texts(column):
        yield replace(problem, severity="warning") if problem.code == "F-TEXT-CONSTANT" else problem
    long = np.flatnonzero([len(one.starts) > most for one in sentences])
    if len(long):
        yield Problem(
            code="F-ASKED-LONG",
            severity="warning",
            what=_n(
                "{n} question is longer than what is read of one",
                "{n} questions are longer than what is read of one",
                len(long),
            ),
            where=cells.places(column, long),
            expected=_("at most {n} words").format(n=most),
            got=_("up to {n} words").format(n=max(len(sentences[int(row)].starts) for row in long)),
            fix=_("see whether the columns of questions and texts were exchanged, or ask more shortly"),
            count=len(long),
        )


def unread(columns: Sequence[Column], question: Column, text: Column) -> Iterator[Problem]:
    """Columns that stand beside question and text and are not read."""
    names = [column.name for column in columns if column is not question and column is not text]
    if names:
        yield Problem(
            code="F-ASKED-UNREAD",
            severity="note",
            what=_("{question} is asked about {text}; other columns are not read").format(
                question=question.name, text=text.name
            ),
            where=question.file or question.name,
            got=", ".join(names[:20]),
            fix="--set asked=QUESTION,TEXT",
        )

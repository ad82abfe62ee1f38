"""What the doctor finds in sentences on their own: empty ones, garbled ones, very long ones, lists with empty words."""

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa

from fukami.core.language import _, _n
from fukami.core.problems import Problem
from fukami.core.tables import Column
from fukami.fields import cells
from fukami.fields.text.check import check_texts
from fukami.fields.words.cutting import Sentence, given


def check_sentences(column: Column, most: int, sentences: Sequence[Sentence]) -> Iterator[Problem]:
    """Every problem of a column of sentences, of whose words `most` are read."""
    found = given(column)
    texts = [(value or "") if value is None or isinstance(value, str) else " ".join(value) for value in found]
    yield from check_texts(Column(column.name, pa.array(texts), column.base, column.file, column.rows, column.files))
    hollow = [row for row, value in enumerate(found) if isinstance(value, list) and any(not w.strip() for w in value)]
    if hollow:
        yield Problem(
            code="F-WORDS-EMPTY",
            severity="warning",
            what=_n("{n} sentence has a word without a letter", "{n} sentences have a word without a letter", len(hollow)),
            where=cells.places(column, hollow),
            expected=_("words"),
            fix=_("take these words out, and their tags with them"),
            count=len(hollow),
        )
    long = np.flatnonzero([len(one.starts) > most for one in sentences])
    if len(long):
        yield Problem(
            code="F-WORDS-LONG",
            severity="warning",
            what=_n("{n} text is longer than what is read of one", "{n} texts are longer than what is read of one", len(long)),
            where=cells.places(column, long),
            expected=_("at most {n} words").format(n=most),
            got=_("up to {n} words").format(n=max(len(sentences[int(row)].starts) for row in long)),
            fix=_("give sentences or paragraphs, or read more: {command}").format(command="--set max_words=N"),
            count=len(long),
        )

"""Texts longer than the model reads: which they are, and what is said of them."""

from collections.abc import Iterator, Sequence

import numpy as np

from fukami.core.language import _, _n
from fukami.core.percent import percent
from fukami.core.problems import Problem
from fukami.core.tables import Column
from fukami.fields import cells
from fukami.fields.text.tokenization import has_text, load

LONGEST = 20_000
"""Letters of a text whose tokens are counted before a training."""
LOOKED_AT = 500
"""Texts whose lengths are looked at before a training."""
MANY = 0.01
"""Up to this share the longest texts are cut by default, which is told only where much of one is lost."""
LOST = 2
"""A text this many times longer than what is read is told, however few they are."""


def lengths_of(texts: Sequence[str], told: str, characters: int) -> np.ndarray:
    """Tokens of each text (N), of its first `characters` letters."""
    found = load(told).tokenizer.encode_batch_fast([text[:characters] for text in texts])
    return np.fromiter(map(len, found), np.int64, len(texts))


def cut_when_asked(column: Column, told: str, most: int, characters: int) -> Iterator[Problem]:
    """A note on the texts of which a field that has learned reads only the first `most` tokens."""
    texts = cells.strings(column)
    long = [row for row, text in enumerate(texts) if len(text) > most // 2]  # a letter may become two, hardly more
    found = load(told, most).tokenizer.encode_batch_fast([texts[row][:characters] for row in long])
    rows = [row for row, one in zip(long, found, strict=True) if one.overflowing or len(texts[row]) > characters]
    if rows:
        yield Problem(
            code="F-TEXT-CUT",
            severity="note",
            what=_n(
                "{n} text is longer than {most} tokens; only its beginning is read",
                "{n} texts are longer than {most} tokens; only their beginning is read",
                len(rows),
                most=f"{most:,}",
            ),
            where=cells.places(column, rows),
            expected=_("at most {most} tokens").format(most=f"{most:,}"),
            fix=_("ask about shorter texts, or train with more: --set max_tokens={n}").format(n=2 * most),
            count=len(rows),
        )


def cut_in_training(column: Column, lengths: np.ndarray, most: int, total: int) -> Iterator[Problem]:
    """How many of `total` texts are cut at `most` tokens, judged by the `lengths` of some of them."""
    share, longest = float((lengths > most).mean()), int(lengths.max())
    if share <= MANY and longest <= LOST * most:
        return
    yield Problem(
        code="F-TEXT-CUT",
        severity="warning" if share > MANY else "note",
        what=_("{share} of the texts are longer than {most} tokens; only their beginning is read").format(
            share=percent(share), most=f"{most:,}"
        ),
        where=cells.place(column),
        expected=_("at most {most} tokens").format(most=f"{most:,}"),
        got=_("up to {n} tokens").format(n=f"{longest:,}"),
        fix=_("read more of each text, at the price of time: --set max_tokens={n}").format(n=longest),
        count=max(1, round(share * total)),
    )


def looked_at(column: Column) -> list[str]:
    """Some of the texts, spread evenly."""
    return [text for text in cells.strings(cells.sample(column, LOOKED_AT)) if has_text(text)]

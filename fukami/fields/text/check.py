"""What the doctor finds in texts on their own: empty ones, wrong encodings, control characters, very long ones."""

import re
from collections.abc import Iterator

import numpy as np

from fukami.core.language import _, _n
from fukami.core.problems import Problem
from fukami.core.tables import Column
from fukami.fields import cells, personal
from fukami.fields.text.tokenization import has_text

LONG = 100_000
# U+FFFD; UTF-8 read as Latin-1 or Windows-1252 (Ã©, â€™); UTF-8 read as Shift-JIS (縺, 繧, 繝 …)
_GARBLED = re.compile("\ufffd|Ã[\x80-\xbf ©¨ª¼¶¤±³]|â€[™œ\x9d“”¦\x93\x94]|ã[\x81-\x83][\x80-\xbf]|(?:[縺繧繝][^ぁ-ん]){3}")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def check_texts(column: Column) -> Iterator[Problem]:
    """Every problem of a column of texts."""
    texts = cells.strings(column)
    full = np.fromiter(map(has_text, texts), dtype=bool, count=len(texts))
    where = cells.place(column)
    if len(texts) == 1 and not full.any():
        fix = _("fill it in or leave the row out") if column.file else _("give a text, or leave this input out")
        yield Problem(code="F-TEXT-EMPTY", severity="error", what=_("the text is empty"), where=where, fix=fix)
        return
    if not full.any():
        yield Problem(
            code="F-TEXT-MISSING",
            severity="error",
            what=_("no example has a text"),
            where=where,
            fix=_("name the column that holds the texts"),
            count=len(texts),
        )
        return
    empty = np.flatnonzero(~full)
    if len(empty):
        yield Problem(
            code="F-TEXT-EMPTY",
            severity="warning",
            what=_n("{n} text is empty and is left out", "{n} texts are empty and are left out", len(empty)),
            where=cells.places(column, empty),
            fix=_("fill them in or delete the rows"),
            count=len(empty),
        )
    yield from _check_characters(column, texts)
    if len(texts) > 1 and len({texts[row] for row in np.flatnonzero(full)}) == 1:
        yield Problem(
            code="F-TEXT-CONSTANT",
            severity="error",
            what=_("every text is the same, so there is nothing to learn from"),
            where=where,
            got=repr(texts[int(np.argmax(full))][:60]),
            count=len(texts),
        )


def _check_characters(column: Column, texts: list[str]) -> Iterator[Problem]:
    garbled = [row for row, text in enumerate(texts) if not text.isascii() and _GARBLED.search(text)]
    if garbled:
        yield Problem(
            code="F-TEXT-ENCODING",
            severity="warning",
            what=_n(
                "{n} text looks as if it was read in the wrong encoding",
                "{n} texts look as if they were read in the wrong encoding",
                len(garbled),
            ),
            where=cells.places(column, garbled),
            got=repr(_around(texts[garbled[0]], _GARBLED)),
            fix=_("save the file as UTF-8, or name its encoding: --set encoding=shift_jis"),
            count=len(garbled),
        )
    private = [row for row, text in enumerate(texts) if personal.holds_any(text)]
    if private:
        yield Problem(
            code="F-TEXT-PERSONAL",
            severity="warning" if len(private) > len(texts) / 100 else "note",
            what=_n(
                "{n} text holds an e-mail address or a telephone number; the report hides them, the words of the model do not",
                "{n} texts hold e-mail addresses or telephone numbers; the report hides them, the words of the model do not",
                len(private),
            ),
            where=cells.places(column, private),
            fix=_("take them out before the training"),
            count=len(private),
        )
    control = [row for row, text in enumerate(texts) if _CONTROL.search(text)]
    if control:
        yield Problem(
            code="F-TEXT-CONTROL",
            severity="warning",
            what=_n(
                "{n} text holds control characters such as NUL", "{n} texts hold control characters such as NUL", len(control)
            ),
            where=cells.places(column, control),
            got=repr(_around(texts[control[0]], _CONTROL)),
            fix=_("remove them if they mean nothing"),
            count=len(control),
        )
    long = [row for row, text in enumerate(texts) if len(text) > LONG]
    if long:
        yield Problem(
            code="F-TEXT-LONG",
            severity="warning",
            what=_n(
                "{n} text is very long; only its beginning is read",
                "{n} texts are very long; only their beginning is read",
                len(long),
            ),
            where=cells.places(column, long),
            expected=_("at most {n} characters").format(n=f"{LONG:,}"),
            got=f"{max(len(texts[row]) for row in long):,}",
            count=len(long),
        )


def _around(text: str, pattern: re.Pattern) -> str:
    found = pattern.search(text)
    start = found.start() if found else 0
    return text[max(0, start - 10) : start + 20]

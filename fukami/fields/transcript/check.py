"""What the doctor finds in texts that were spoken: what a text has is left out or unclear, beside what texts have anyway."""

import re
from collections.abc import Callable, Iterator, Sequence

from fukami.core.language import _, _n
from fukami.core.problems import Problem
from fukami.core.tables import Column
from fukami.fields import cells
from fukami.fields.text.check import check_texts
from fukami.fields.text.tokenization import has_text

_DIGITS = re.compile(r"\d")
_MARKUP = re.compile(r"[\[<{(][^\[\]<>{}()]{1,40}[\]>})]")
_MANY = 0.01


def check_transcripts(
    column: Column, normal: Callable[[Sequence[str]], list[str]], case: str, punctuation: str
) -> Iterator[Problem]:
    """Every problem of a column of transcripts, which `normal` makes what is learned of."""
    yield from check_texts(column)
    texts = cells.strings(column)
    if len(texts) < 2:
        return
    found = normal(texts)
    nothing = [row for row, (text, kept) in enumerate(zip(texts, found, strict=True)) if has_text(text) and not kept]
    if nothing:
        yield Problem(
            code="F-SPEECH-NOTHING",
            severity="error" if len(nothing) == len(texts) else "warning",
            what=_n(
                "nothing is left of {n} text without punctuation, so it is left out",
                "nothing is left of {n} texts without punctuation, so they are left out",
                len(nothing),
            ),
            where=cells.places(column, nothing),
            got=repr(texts[nothing[0]][:40]),
            fix="--set punctuation=keep",
            count=len(nothing),
        )
    changed = [row for row, (text, kept) in enumerate(zip(texts, found, strict=True)) if kept and kept != text]
    if changed:
        yield _changed(column, changed, texts, found, case, punctuation)
    yield from _unclear(column, texts)


def _changed(
    column: Column, rows: list[int], texts: Sequence[str], found: Sequence[str], case: str, punctuation: str
) -> Problem:
    forms = {
        ("lower", "drop"): _("texts are learned and judged in lower case and without punctuation"),
        ("lower", "keep"): _("texts are learned and judged in lower case"),
        ("keep", "drop"): _("texts are learned and judged without punctuation"),
        ("keep", "keep"): _("texts are learned and judged with the same form of each letter and single blanks"),
    }
    return Problem(
        code="F-SPEECH-NORMAL",
        severity="note",
        what=forms[case, punctuation],
        where=cells.places(column, rows),
        got=f"{texts[rows[0]][:60]!r} → {found[rows[0]][:60]!r}",
        fix=_("figures compare with those of the same form; as they are: {command}").format(
            command="--set case=keep --set punctuation=keep"
        ),
        count=len(rows),
    )


def _unclear(column: Column, texts: Sequence[str]) -> Iterator[Problem]:
    digits = [row for row, text in enumerate(texts) if _DIGITS.search(text)]
    if digits:
        yield Problem(
            code="F-SPEECH-DIGITS",
            severity="warning" if len(digits) > _MANY * len(texts) else "note",
            what=_n(
                "{n} text has digits, which are said as words", "{n} texts have digits, which are said as words", len(digits)
            ),
            where=cells.places(column, digits),
            expected=_("numbers written as they are said"),
            got=repr(texts[digits[0]][:60]),
            fix=_("write them out, or what is heard as `nineteen` has to be answered as `19`"),
            count=len(digits),
        )
    marked = [row for row, text in enumerate(texts) if _MARKUP.search(text)]
    if marked:
        yield Problem(
            code="F-SPEECH-MARKUP",
            severity="warning" if len(marked) > _MANY * len(texts) else "note",
            what=_n(
                "{n} text has something in brackets, which is learned as if it were said",
                "{n} texts have something in brackets, which is learned as if it were said",
                len(marked),
            ),
            where=cells.places(column, marked),
            got=repr(_MARKUP.search(texts[marked[0]]).group()),  # type: ignore[union-attr]
            fix=_("take remarks such as [noise] out of the texts"),
            count=len(marked),
        )

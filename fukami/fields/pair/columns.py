"""Which two columns of a table are the texts of a pair."""

from collections.abc import Sequence

from fukami.core.errors import DataError
from fukami.core.language import _
from fukami.core.tables import Column, plain
from fukami.fields.text.field import Text

NAMED = (
    ("sentence1", "sentence2"), ("premise", "hypothesis"), ("text", "hypothesis"), ("text1", "text2"),
    ("question1", "question2"),
    ("first", "second"), ("text_a", "text_b"), ("sentence_a", "sentence_b"), ("query", "passage"), ("question", "sentence"),
    ("question", "answer"), ("前提", "仮説"), ("文1", "文2"), ("テキスト1", "テキスト2"), ("質問", "回答"),
)  # fmt: skip
"""What people call both texts, as `plain` compares names."""
LIKELY = 0.5


def chosen(columns: Sequence[Column], known: Sequence[str] = ()) -> tuple[Column, Column]:
    """The first and the second text: the columns that were learned from; the only two; two of usual names; the only two that
    hold texts. Raises `DataError` F-PAIR-COLUMNS where that leaves none or several."""
    names = {plain(column.name): column for column in columns}
    if known:
        found = [names[plain(name)] for name in known if plain(name) in names]
        if len(found) < 2:
            raise _unknown(columns, expected=", ".join(known))
        return found[0], found[1]
    if len(columns) == 2:
        return columns[0], columns[1]
    usual = [(names[plain(a)], names[plain(b)]) for a, b in NAMED if plain(a) in names and plain(b) in names]
    if usual:
        return usual[0]
    texts = [column for column in columns if Text.recognise(column) >= LIKELY]
    if len(texts) != 2:
        raise _unknown(columns, expected=_("two columns of texts"))
    return texts[0], texts[1]


def _unknown(columns: Sequence[Column], *, expected: str) -> DataError:
    return DataError(
        "F-PAIR-COLUMNS",
        _("nothing says which two columns hold the texts"),
        where=columns[0].file if columns else "",
        expected=expected,
        got=", ".join(column.name for column in columns[:20]),
        fix="--set pair=COLUMN,COLUMN",
    )

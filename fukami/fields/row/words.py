"""Words that stand for a missing value in most columns, and name a value of its own in some: NA, None, null, a dash."""

from collections.abc import Iterator, Sequence
from typing import Any

from fukami.core.language import _
from fukami.core.problems import Problem
from fukami.core.tables import Column
from fukami.fields import cells, parsing


def missing_of(options: Any, name: str) -> tuple[str, ...]:
    """What stands for a missing value in the column `name`, as `parsing.strings` takes it."""
    return (*options.missing, *((parsing.KEPT,) if name in options.words else ()))


def taken_for_missing(column: Column, missing: Sequence[str]) -> Iterator[Problem]:
    """A note on such words in a column of categories, with the option that keeps them."""
    array = parsing.plain(column.values)
    if parsing.KEPT in missing or not parsing.is_text(array):
        return
    codes, values = cells.numbered(column)
    gone = parsing.missing_words(missing) - parsing.NOTHING - {word.lower() for word in missing}
    found = {i: value.strip() for i, value in enumerate(values) if value.strip().lower() in gone}
    if found:
        yield Problem(
            code="F-COLUMN-WORD",
            severity="note",
            what=_("in column {name} these cells are taken for missing ones: {words}").format(
                name=column.name, words=", ".join(dict.fromkeys(found.values()))
            ),
            where=cells.place(column),
            got=", ".join(dict.fromkeys(found.values())),
            fix=_("if they are values of their own: --set words={name}").format(name=column.name),
            count=sum(int((codes == code).sum()) for code in found),
        )

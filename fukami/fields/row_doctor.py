"""What is wrong with one column of a table: each finding with its place and its remedy."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from fukami.core.language import _, _n
from fukami.core.percent import percent
from fukami.core.problems import Problem
from fukami.core.tables import Column
from fukami.fields import parsing, row_columns

_SHOWN = 5
"""Rows that a message names."""
_KNOWN = 12
"""Known values that a message names."""


def examine(column: Column, options: Any, *, forced: str = "") -> Iterator[Problem]:
    """Every problem of the cells of one column."""
    missing = tuple(options.missing)
    kind, how = row_columns.kind_of(column, forced=forced, max_categories=options.max_categories, missing=missing)
    if kind == "ignored":
        yield _left_out(column, how["why"])
        return
    if kind == "vector":
        yield from _infinite(column, np.asarray(column.values, np.float64).reshape(len(column), -1).sum(axis=1))
        return
    array = parsing.plain(column.values)
    text = parsing.is_text(array)
    absent = int(parsing.strings(array, missing=missing).null_count) if text else array.null_count
    if kind == "number":
        parsed = parsing.numbers(array, decimal=how["decimal"], missing=missing)
        absent = int(np.isnan(parsed.values).sum() - parsed.bad.sum())
        yield from _infinite(column, parsed.values)
        yield from _unlike(column, parsed.bad, _("numbers"))
    elif kind == "date":
        moments = parsing.dates(array, form=how["form"], missing=missing)
        yield from _unlike(column, moments.bad, _("dates"))
        yield from _ambiguous(column, array, how["form"])
    elif kind == "category" and text:
        yield from _mixed(column, array, missing, forced)
    if absent:
        yield _missing(column, absent)


def unfamiliar(told: dict[str, Any], column: Column, *, missing: tuple[str, ...] = ()) -> Iterator[Problem]:
    """What a learned column (`told`) meets in new cells that its training did not know. All of it counts as missing."""
    found = row_columns.raw(told, column, missing=missing)
    yield from _unlike(column, found.bad, _("dates") if told["kind"] == "date" else _("numbers"), learned=True)
    if told["kind"] == "number":
        decimal = told["how"]["decimal"]
        yield from _infinite(column, parsing.numbers(parsing.plain(column.values), decimal=decimal, missing=missing).values)
    if told["kind"] != "category" or not len(column):
        return
    words = parsing.strings(parsing.plain(column.values), missing=missing)
    rows = np.flatnonzero((found.codes[:, 0] == 0) & np.asarray(words.is_valid()))
    if len(rows):
        values = told["categories"][0]["values"]
        yield Problem(
            code="F-COLUMN-UNKNOWN",
            severity="note",
            what=_n(
                "column {name} has {count} cell ({share}) whose value was not in training, or too rare to be learned",
                "column {name} has {count} cells ({share}) whose values were not in training, or too rare to be learned",
                len(rows),
                count=len(rows),
                name=column.name,
                share=percent(len(rows) / len(column)),
            ),
            where=_places(column, rows),
            expected=", ".join(values[:_KNOWN]) + (", …" if len(values) > _KNOWN else ""),
            got=_examples(column, rows),
            fix=_("correct the spelling, or train again with examples of them; until then they count as unknown"),
            count=len(rows),
        )


def _left_out(column: Column, why: str) -> Problem:
    place = _place(column)
    if why == "constant":
        what, fix = _("column {name} holds the same value in every row, so it is left out"), ""
    elif why == "empty":
        what, fix = _("column {name} is empty, so it is left out"), ""
    elif why == "identifier":
        what = _("column {name} looks like an identifier, different in every row, so it is left out")
        fix = _("if it is a quantity: --set number={name}; if it names a kind: --set category={name}").format(name=column.name)
    else:
        what = _("column {name} holds lists or records, which a row cannot use, so it is left out")
        fix = _("spread it over several columns, one value each")
    return Problem(
        code=f"F-COLUMN-{why.upper()}",
        severity="note" if why == "constant" else "warning",
        what=what.format(name=column.name),
        where=place,
        fix=fix,
        count=len(column),
    )


def _missing(column: Column, count: int) -> Problem:
    share = count / len(column)
    return Problem(
        code="F-COLUMN-MISSING",
        severity="warning" if share > 0.5 else "note",
        what=_("column {name} has {count} missing values ({share}); they are learned from as missing").format(
            name=column.name, count=count, share=percent(share)
        ),
        where=_place(column),
        count=count,
    )


def _infinite(column: Column, values: np.ndarray) -> Iterator[Problem]:
    with np.errstate(invalid="ignore"):
        rows = np.flatnonzero(np.abs(values) > row_columns.LARGEST)
    if len(rows):
        yield Problem(
            code="F-COLUMN-INFINITE",
            severity="warning",
            what=_("column {name} has {count} infinite or far too large values; they count as missing").format(
                name=column.name, count=len(rows)
            ),
            where=_places(column, rows),
            expected=_("finite numbers"),
            got=str(values[rows[0]]),
            fix=_("correct these cells or leave them empty"),
            count=len(rows),
        )


def _unlike(column: Column, bad: np.ndarray, wanted: str, *, learned: bool = False) -> Iterator[Problem]:
    rows = np.flatnonzero(bad)
    if len(rows):
        as_category = _("correct these cells, or read the column as categories: --set category={name}").format(name=column.name)
        yield Problem(
            code="F-COLUMN-UNREADABLE",
            severity="warning",
            what=_n(
                "column {name} has {count} cell that is not {wanted}; it counts as missing",
                "column {name} has {count} cells that are not {wanted}; they count as missing",
                len(rows),
                count=len(rows),
                name=column.name,
                wanted=wanted,
            ),
            where=_places(column, rows),
            expected=wanted,
            got=_examples(column, rows),
            fix=_("correct these cells or leave them empty") if learned else as_category,
            count=len(rows),
        )


def _mixed(column: Column, array: Any, missing: tuple[str, ...], forced: str) -> Iterator[Problem]:
    """A column of words in which most cells are numbers is seldom meant so."""
    parsed = parsing.numbers(array, decimal=parsing.decimal_mark(array), missing=missing)
    known = parsed.bad.sum() + np.isfinite(parsed.values).sum()
    if not forced and known and 0.5 <= np.isfinite(parsed.values).sum() / known < row_columns.ENOUGH:
        rows = np.flatnonzero(parsed.bad)
        yield Problem(
            code="F-COLUMN-MIXED",
            severity="warning",
            what=_n(
                "column {name} mixes numbers with {count} cell that is not; it is read as categories",
                "column {name} mixes numbers with {count} cells that are not; it is read as categories",
                len(rows),
                count=len(rows),
                name=column.name,
            ),
            where=_places(column, rows),
            got=_examples(column, rows),
            fix=_(
                "if these cells mean missing: --set missing={word}; to read the column as numbers: --set number={name}"
            ).format(name=column.name, word=_examples(column, rows[:1])),
            count=len(rows),
        )


def _ambiguous(column: Column, array: Any, form: str) -> Iterator[Problem]:
    """03/04/2024 throughout: nothing says which of the two is the month."""
    if form == "mdy" and not parsing.dates(array, form="dmy").bad.any():
        yield Problem(
            code="F-COLUMN-DATE-ORDER",
            severity="warning",
            what=_("the dates of column {name} may be read month first or day first; month first is taken").format(
                name=column.name
            ),
            where=_place(column),
            got=_examples(column, np.array([0])),
            fix=_("write the dates as year-month-day"),
            count=len(column),
        )


def _place(column: Column) -> str:
    return f"{column.file} ({column.name})" if column.file else column.name


def _places(column: Column, rows: np.ndarray) -> str:
    shown = ", ".join(column.where(int(row)) for row in rows[:_SHOWN])
    return shown + (" …" if len(rows) > _SHOWN else "")


def _examples(column: Column, rows: np.ndarray) -> str:
    cells = column.take(rows[:_SHOWN]).strings()
    return ", ".join(dict.fromkeys(cell[:40] for cell in cells))

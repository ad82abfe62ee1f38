"""What can be wrong with cells of several kinds of columns: each finding with its place and its remedy."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from fukami.core.language import _, _n
from fukami.core.percent import percent
from fukami.core.problems import Problem
from fukami.core.tables import Column
from fukami.fields import parsing, personal
from fukami.fields.reading import column as reading
from fukami.fields.reading.column import ENOUGH, Moments
from fukami.fields.row.columns import parts
from fukami.fields.row.columns.parts import LARGEST

_SHOWN = 5
"""Rows that a message names."""


def count_absent(array: pa.Array, missing: tuple[str, ...]) -> int:
    """How many cells are missing, or hold a word for it."""
    return int(parsing.strings(array, missing=missing).null_count) if parsing.is_text(array) else array.null_count


def absent(column: Column, count: int) -> Iterator[Problem]:
    """Missing cells."""
    share = count / max(1, len(column))
    if count:
        yield Problem(
            code="F-COLUMN-MISSING",
            severity="warning" if share > 0.5 else "note",
            what=_("column {name} has {count} missing values ({share}); they are learned from as missing").format(
                name=column.name, count=count, share=percent(share)
            ),
            where=place(column),
            count=count,
        )


def infinite(column: Column, values: np.ndarray) -> Iterator[Problem]:
    """Numbers that cannot be computed with; `values` are as they were read."""
    with np.errstate(invalid="ignore"):
        rows = np.flatnonzero(np.abs(values) > LARGEST)
    if len(rows):
        yield Problem(
            code="F-COLUMN-INFINITE",
            severity="warning",
            what=_("column {name} has {count} infinite or far too large values; they count as missing").format(
                name=column.name, count=len(rows)
            ),
            where=places(column, rows),
            expected=_("finite numbers"),
            got=str(values[rows[0]]),
            fix=_("correct these cells or leave them empty"),
            count=len(rows),
        )


def unlike(column: Column, bad: np.ndarray, wanted: str, *, example: str = "", learned: bool = False) -> Iterator[Problem]:
    """Cells that cannot be read: `bad` marks them, `wanted` is what they should be, `learned` whether training is over."""
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
                wanted=_(wanted),
            ),
            where=places(column, rows),
            expected=_("{what} such as {example}").format(what=_(wanted), example=example) if example else _(wanted),
            got=examples(column, rows),
            fix=_("correct these cells or leave them empty") if learned else as_category,
            count=len(rows),
        )


def mixed(column: Column, array: pa.Array, missing: tuple[str, ...]) -> Iterator[Problem]:
    """A column of words in which most cells are numbers is seldom meant so."""
    found = reading.learned(array, kinds=("number",), missing=missing)
    if 0.5 <= found.share < ENOUGH:
        parsed = reading.numbers(array, found.how, missing=missing)
        rows = np.flatnonzero(parsed.bad)
        yield Problem(
            code="F-COLUMN-MIXED",
            severity="warning",
            what=_n(
                "column {name} mixes numbers with {count} cell that is not; it is not read as numbers",
                "column {name} mixes numbers with {count} cells that are not; it is not read as numbers",
                len(rows),
                count=len(rows),
                name=column.name,
            ),
            where=places(column, rows),
            got=examples(column, rows),
            fix=_(
                "if these cells mean missing: --set missing={word}; to read the column as numbers: --set number={name}"
            ).format(name=column.name, word=examples(column, rows[:1])),
            count=len(rows),
        )


def measured(column: Column) -> Iterator[Problem]:
    """A column of words of which nothing but the length reaches the network."""
    rows = np.flatnonzero([bool(cell.strip()) for cell in column.take(np.arange(min(len(column), 100))).strings()])
    yield Problem(
        code="F-COLUMN-TEXT",
        severity="warning",
        what=_("column {name} is read as text, of which only the length counts").format(name=column.name),
        where=place(column),
        got=examples(column, rows[:1]),
        fix=_(
            "as numbers: --set number={name}, as dates: --set date={name}, as categories: --set category={name}; "
            "or leave it out: --set ignore={name}"
        ).format(name=column.name),
        count=len(column),
    )


def zones(column: Column, found: Moments, how: dict[str, Any], *, learned: bool = False) -> Iterator[Problem]:
    """Moments of which some name a zone and others do not, in one column or between training and later."""
    share = how.get("zoned")
    naked = ~np.isnat(found.values) & ~found.zoned
    if share is None or not ((found.zoned.any() and naked.any()) or learned):
        return
    odd = found.zoned if share < 0.5 else naked
    if not odd.any() or (learned and 0 < share < 1):
        return
    counted = {"name": column.name, "zoned": int(found.zoned.sum()), "naked": int(naked.sum())}
    if share == 0:
        what = _("column {name} has {zoned} cells with a time zone, and training had none; their clock time counts")
    elif learned:
        what = _(
            "column {name} has {naked} cells without a time zone, and in training all had one; theirs is taken to be the same"
        )
    else:
        what = _("column {name} has {zoned} cells with a time zone and {naked} without; these are taken to be of the same zone")
    yield Problem(
        code="F-COLUMN-ZONE",
        severity="warning",
        what=what.format(**counted),
        where=places(column, np.flatnonzero(odd)),
        got=examples(column, np.flatnonzero(odd)),
        fix=_("write all moments with a time zone, or all without"),
        count=int(odd.sum()),
    )


def far(column: Column, values: np.ndarray, part: dict[str, Any]) -> Iterator[Problem]:
    """Numbers far outside of what training knew: often another unit."""
    low, high = parts.ends(part)
    with np.errstate(invalid="ignore"):
        rows = np.flatnonzero((np.abs(values) <= LARGEST) & ((values < 2 * low - high) | (values > 2 * high - low)))
    if len(rows) and high > low:
        yield Problem(
            code="F-COLUMN-FAR",
            severity="note",
            what=_n(
                "column {name} has {count} number far outside of what training knew; is it in the same unit?",
                "column {name} has {count} numbers far outside of what training knew; are they in the same unit?",
                len(rows),
                count=len(rows),
                name=column.name,
            ),
            where=places(column, rows),
            expected=_("mostly between {low} and {high}").format(low=f"{low:g}", high=f"{high:g}"),
            got=examples(column, rows),
            fix=_("correct these cells if they are mistakes"),
            count=len(rows),
        )


def newly_missing(column: Column, count: int, part: dict[str, Any]) -> Iterator[Problem]:
    """Missing cells of a column that had none in training, so that nothing was learned about them."""
    if count and not part["missing"]:
        yield Problem(
            code="F-COLUMN-NEVER-MISSING",
            severity="note",
            what=_n(
                "column {name} has {count} empty cell; in training none was, so nothing was learned about that",
                "column {name} has {count} empty cells; in training none was, so nothing was learned about that",
                count,
                count=count,
                name=column.name,
            ),
            where=place(column),
            fix=_("fill in what is known, or train with examples that lack it"),
            count=count,
        )


def place(column: Column) -> str:
    """The column and its file."""
    return f"{column.file} ({column.name})" if column.file else column.name


def places(column: Column, rows: np.ndarray) -> str:
    """Where some of these rows are."""
    shown = ", ".join(column.where(int(row)) for row in rows[:_SHOWN])
    return shown + (" …" if len(rows) > _SHOWN else "")


def examples(column: Column, rows: np.ndarray) -> str:
    """What some of these rows hold, each once, without the addresses and telephone numbers in it: findings are kept."""
    cells = column.take(rows[:_SHOWN]).strings()
    return ", ".join(dict.fromkeys(personal.masked(cell)[:40] for cell in cells))

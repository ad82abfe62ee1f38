"""A column of days or moments: the days elapsed since 1970, and the month, the weekday and the hour as categories."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa

from fukami.core.cards import ColumnCard
from fukami.core.language import N_, _
from fukami.core.problems import Problem
from fukami.core.tables import Column
from fukami.fields import parsing
from fukami.fields.cells import is_number
from fukami.fields.row.columns import findings, parts
from fukami.fields.row.columns.contract import LearnedColumn, Raw, single

CARD = ColumnCard(
    name="date",
    summary="a day or a moment: the days elapsed, and the month, the weekday and the hour as categories",
    code=("row_date",),
)

_SECONDS_PER_DAY = 86_400
_PARTS: dict[str, Sequence[Any]] = {
    "month": range(1, 13),
    "weekday": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "hour": range(24),
}
"""Categories of a date, with what they are called; their codes count from 1."""


@dataclass(frozen=True)
class DateColumn(LearnedColumn):
    """`how["form"]` is one of `parsing.DATE_FORMATS`, empty where cells are no text; `how["parts"]` the categories in use."""

    kind: ClassVar[str] = "date"
    wanted: ClassVar[str] = N_("dates")
    for_all: ClassVar[dict[str, Any]] = {
        "months": {word: n for n, name in enumerate(parsing.MONTHS, 1) for word in (name, str(n), f"{n:02}")},
    }

    @classmethod
    def examine(cls, column: Column, how: dict[str, Any], *, forced: bool, missing: tuple[str, ...]) -> Iterator[Problem]:
        array = parsing.plain(column.values)
        yield from findings.unlike(column, parsing.dates(array, form=how["form"], missing=missing).bad, cls.wanted)
        yield from _ambiguous(column, array, how["form"])
        yield from findings.absent(column, findings.count_absent(array, missing))

    def completed(self, column: Column, options: Any, *, sample: np.ndarray | None, knots: int) -> "DateColumn":
        numbered = super().completed(column, options, sample=sample, knots=knots)
        codes_NM = self.raw(column).codes
        used = [name for name, codes_N in zip(_PARTS, codes_NM.T, strict=True) if len(np.unique(codes_N)) > 1]
        told = [{"name": f"{self.name} ({p})", "values": [str(v) for v in _PARTS[p]], "other": False} for p in used]
        return replace(self, told=numbered.told | {"how": {**self.how, "parts": used}, "categories": told})

    def number_names(self, count: int) -> list[str]:
        return [f"{self.name} (days)"] * count

    def raw(self, column: Column) -> Raw:
        array = single(column)
        words = parsing.strings(array, missing=self.missing) if is_number(array) else array  # 20240229
        moments = parsing.dates(words, form=self._form, missing=self.missing)
        codes = _calendar(moments.values, self.how.get("parts", list(_PARTS)))
        return Raw.of(len(column), numbers=_elapsed(moments.values)[:, None], codes=codes, bad=moments.bad)

    @property
    def _form(self) -> str:
        return self.how["form"] or "ymd"

    def schema(self) -> dict[str, Any]:
        return {"type": ["string", "null"], "format": "date-time" if "hour" in self.how["parts"] else "date"}

    def portable(self) -> dict[str, Any]:
        pattern = parsing.date_pattern(self._form).strip("^$")
        return {"parts": self.how["parts"], "pattern": pattern.replace(r"\d", "[0-9]").replace(r"\w", "[0-9A-Za-z_]")}

    def usual(self) -> str:
        return _written(parts.middle(self.numbers[0]), self.how["form"])


def _elapsed(moments: np.ndarray) -> np.ndarray:
    days = moments.astype(np.int64) / (_SECONDS_PER_DAY * 1e6)
    return np.where(np.isnat(moments), np.nan, days)


def _calendar(moments: np.ndarray, wanted: list[str]) -> np.ndarray:
    """Codes (N, M) of the wanted of month, weekday (1 is Monday) and hour, from 1; 0 where the date is missing."""
    month = moments.astype("datetime64[M]").astype(np.int64) % 12
    days = moments.astype("datetime64[D]").astype(np.int64)
    hour = moments.astype("datetime64[h]").astype(np.int64) % 24
    known = {"month": month, "weekday": (days + 3) % 7, "hour": hour}
    codes = np.stack([known[part] + 1 for part in wanted], axis=1) if wanted else np.empty((len(moments), 0), np.int64)
    return np.where(np.isnat(moments)[:, None], 0, codes)


def _written(days: float, form: str) -> str:
    """A day as its column writes it; `days` are counted from 1970.

    >>> _written(19782, "dmy"), _written(19782, "")
    ('29/02/2024', '2024-02-29')
    """
    when = date(1970, 1, 1) + timedelta(days=int(days))
    named = parsing.MONTHS[when.month - 1].capitalize()
    written = {
        "compact": f"{when:%Y%m%d}",
        "mdy": f"{when.month:02}/{when.day:02}/{when.year}",
        "dmy": f"{when.day:02}/{when.month:02}/{when.year}",
        "named-dmy": f"{when.day} {named} {when.year}",
        "named-mdy": f"{named} {when.day}, {when.year}",
    }
    return written.get(form, when.isoformat())


def _ambiguous(column: Column, array: pa.Array, form: str) -> Iterator[Problem]:
    """03/04/2024 throughout: nothing says which of the two is the month."""
    if form == "mdy" and not parsing.dates(array, form="dmy").bad.any():
        yield Problem(
            code="F-COLUMN-DATE-ORDER",
            severity="warning",
            what=_("the dates of column {name} may be read month first or day first; month first is taken").format(
                name=column.name
            ),
            where=findings.place(column),
            got=findings.examples(column, np.array([0])),
            fix=_("write the dates as year-month-day"),
            count=len(column),
        )

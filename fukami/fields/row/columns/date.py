"""A column of days or moments: the days elapsed since 1970, and the month, the weekday and the hour as categories."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, ClassVar

import numpy as np

from fukami.core.cards import ColumnCard
from fukami.core.language import N_
from fukami.core.problems import Problem
from fukami.core.tables import Column
from fukami.fields import parsing
from fukami.fields.reading import column as reading
from fukami.fields.reading import dates, doubts
from fukami.fields.row.columns import findings, parts
from fukami.fields.row.columns.contract import LearnedColumn, Raw, single

CARD = ColumnCard(
    name="date",
    summary="a day or a moment: the days elapsed, and the month, the weekday and the hour as categories",
    code=("plain_cells", "cell_span", "cell_date", "row_date"),
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
    """`how` is a reading of dates (`fields/reading`); `how["parts"]` are the categories in use."""

    kind: ClassVar[str] = "date"
    wanted: ClassVar[str] = N_("dates")

    @classmethod
    def examine(cls, column: Column, how: dict[str, Any], *, forced: bool, missing: tuple[str, ...]) -> Iterator[Problem]:
        array = parsing.plain(column.values)
        found = reading.moments(array, how, missing=missing)
        yield from findings.unlike(column, found.bad, cls.wanted, example=how.get("example", ""))
        yield from doubts.doubtful_order(column, how)
        yield from findings.zones(column, found, how)
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
        found = self._moments(column)
        codes = _calendar(found.values, self.how.get("parts", list(_PARTS)))
        return Raw.of(len(column), numbers=_elapsed(found.values)[:, None], codes=codes, bad=found.bad)

    def unfamiliar(self, column: Column) -> Iterator[Problem]:
        found = self._moments(column)
        yield from findings.unlike(column, found.bad, self.wanted, example=self._reading.get("example", ""), learned=True)
        yield from findings.zones(column, found, self._reading, learned=True)
        yield from findings.newly_missing(column, int((np.isnat(found.values) & ~found.bad).sum()), self.numbers[0])

    def _moments(self, column: Column) -> reading.Moments:
        return reading.moments(single(column), self._reading, missing=self.missing)

    @property
    def _reading(self) -> dict[str, Any]:
        """Runs of earlier days hold the name of the form alone, and counted in UTC."""
        return self.how if "pattern" in self.how else dates.written(self.how["form"] or "ymd", 0)

    def schema(self) -> dict[str, Any]:
        return {"type": ["string", "null"], "format": "date-time" if "hour" in self.how["parts"] else "date"}

    def portable(self) -> dict[str, Any]:
        return {"parts": self.how["parts"], "how": self._reading}

    def usual(self) -> str:
        return self._reading.get("example") or _iso(parts.middle(self.numbers[0]))


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


def _iso(days: float) -> str:
    return (date(1970, 1, 1) + timedelta(days=int(days))).isoformat()

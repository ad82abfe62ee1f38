"""Moments of a series: how far one step leads, and which moments come after the last.

Moments are float64: dates as microseconds since 1970 (UTC), numbers as they are, rows counted from 0 where there is no time.
A step is a fixed length, a number of months, or from one working day to the next. T moments, H steps ahead.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

DAY = 86_400e6
UNITS = {DAY * 7: "week", DAY: "day", 3600e6: "hour", 60e6: "minute", 1e6: "second"}
"""Microseconds → the word for so long a step."""


@dataclass(frozen=True)
class Clock:
    """What the moments of a series are, and how far apart.

    `kind` is date, number, or order where rows are only counted; `step` the length of a step in the unit of moments, or a
    number of months, where `months`; `working` where only Mondays to Fridays have a moment.
    """

    kind: str = "order"
    name: str = ""
    step: float = 1.0
    months: bool = False
    working: bool = False

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def index(self, when_T: np.ndarray) -> np.ndarray:
        """Moments as numbers of steps (float64): whole ones where they lie on the clock's grid, seen from the first."""
        if not len(when_T):
            return np.empty(0)
        if self.months:
            month_T = _dates(when_T).astype("datetime64[M]").astype(np.int64)
            return (month_T - month_T[0]) / self.step
        if self.working:
            day_T = _dates(when_T).astype("datetime64[D]")
            return np.busday_count(day_T[0], day_T).astype(np.float64)
        return (when_T - when_T[0]) / self.step

    def after(self, last: float, count: int) -> np.ndarray:
        """The `count` moments that follow `last`.

        >>> clock = Clock("date", "month", 1.0, months=True)
        >>> _dates(clock.after(_moments(np.array(["2024-01-31"], "datetime64[D]"))[0], 2)).astype("datetime64[D]").tolist()
        [datetime.date(2024, 2, 29), datetime.date(2024, 3, 31)]
        """
        ahead_H = np.arange(1, count + 1)
        if self.months:
            return _later(last, (ahead_H * self.step).astype(np.int64))
        if self.working:
            day, rest = _dates(np.array([last])).astype("datetime64[D]")[0], last % DAY
            return _moments(np.busday_offset(day, ahead_H, roll="backward")) + rest
        return last + ahead_H * self.step

    def told(self, when: np.ndarray) -> list[Any]:
        """Moments as JSON: dates as text, without what is zero in all; numbers as numbers."""
        if self.kind != "date":
            return [int(value) if float(value).is_integer() else float(value) for value in when.tolist()]
        dates = _dates(when)
        if not (when % DAY).any():
            return np.datetime_as_string(dates.astype("datetime64[D]")).tolist()
        unit = "s" if not (when % 1e6).any() else "us"
        return [text.replace("T", " ") for text in np.datetime_as_string(dates.astype(f"datetime64[{unit}]")).tolist()]

    @property
    def words(self) -> str:
        """A step, for people: `hour`, `2 day`, `month`, `3.5`."""
        if self.kind != "date":
            return f"{self.step:g}"
        if self.working:
            return "working day"
        if self.months:
            return "month" if self.step == 1 else f"{self.step:g} months"
        for length, word in UNITS.items():
            if self.step % length == 0:
                return word if self.step == length else f"{self.step / length:g} {word}s"
        return f"{self.step / 1e6:g} seconds"


def found(kind: str, name: str, when_T: np.ndarray, new_T: np.ndarray) -> Clock:
    """The clock of ascending moments. `new_T` is true where another series begins.

    >>> days = _moments(np.arange("2024-01-01", "2024-02-01", dtype="datetime64[D]"))
    >>> found("date", "day", days, np.zeros(31, bool)).words
    'day'
    """
    if kind == "order":
        return Clock()
    apart = np.diff(when_T)[~new_T[1:]]
    apart = apart[apart > 0]
    if not len(apart):
        return Clock(kind, name, DAY if kind == "date" else 1.0)
    lengths, counts = np.unique(apart, return_counts=True)
    step = float(lengths[np.argmax(counts)])
    if kind == "date":
        calendar = _calendar(name, when_T, new_T)
        if calendar is not None:
            return calendar
        weekday_T = (_dates(when_T).astype("datetime64[D]").astype(np.int64) + 3) % 7
        if step == DAY and weekday_T.max() < 5 and (apart == 3 * DAY).any():
            return Clock(kind, name, DAY, working=True)
    return Clock(kind, name, step)


def _calendar(name: str, when_T: np.ndarray, new_T: np.ndarray) -> Clock | None:
    """Steps of whole months, where every moment stands on the same day of its month, or on its last one."""
    days = _dates(when_T).astype("datetime64[D]")
    months = days.astype("datetime64[M]")
    day_T = (days - months.astype("datetime64[D]")).astype(np.int64)
    length_T = ((months + 1).astype("datetime64[D]") - months.astype("datetime64[D]")).astype(np.int64)
    if not (np.ptp(day_T) == 0 or (day_T == length_T - 1).all()) or np.ptp(when_T % DAY):
        return None
    apart = np.diff(months.astype(np.int64))[~new_T[1:]]
    if not len(apart) or (apart <= 0).any():
        return None
    return Clock("date", name, float(np.gcd.reduce(apart)), months=True)


def _later(last: float, months_H: np.ndarray) -> np.ndarray:
    """The same day so many months later, the last of its month where there is no such day, or where it was the last."""
    day = _dates(np.array([last])).astype("datetime64[D]")[0]
    month = day.astype("datetime64[M]")
    of_month, ends = int((day - month.astype("datetime64[D]")).astype(int)), (month + 1).astype("datetime64[D]") - day
    months = month + months_H
    longest_H = ((months + 1).astype("datetime64[D]") - months.astype("datetime64[D]")).astype(np.int64) - 1
    day_H = longest_H if int(ends.astype(int)) == 1 else np.minimum(of_month, longest_H)
    return _moments(months.astype("datetime64[D]") + day_H) + last % DAY


def _dates(when: np.ndarray) -> np.ndarray:
    return np.asarray(when).round().astype(np.int64).astype("datetime64[us]")


def _moments(dates: np.ndarray) -> np.ndarray:
    return dates.astype("datetime64[us]").astype(np.int64).astype(np.float64)

"""Cells that are dates: days since 1970, and what of the calendar the network looks at."""

import math
import re
from datetime import datetime, timedelta

from fukami.export.standalone.row import READ, word
from fukami.export.standalone.row_plain import plain

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def date(value, column, told):
    """Days, and month, weekday and hour from 1; NaN and 0 where the cell is no day of the calendar."""
    found = re.fullmatch(column["pattern"], plain(word(value, told) or ""))
    when = moment(**found.groupdict("")) if found else None
    if when is None:
        return [math.nan] + [0] * len(column["parts"])
    known = {"month": when.month, "weekday": when.isoweekday(), "hour": when.hour + 1}
    return [(when - datetime(1970, 1, 1)) / timedelta(days=1), *(known[name] for name in column["parts"])]


def moment(year, month, day, hour, minute, second, half, zone):
    """A moment in UTC of what a date says; None where it is none."""
    hours, minutes, seconds = int(hour or 0), int(minute or 0), float(second or 0)
    hours += 12 if half.lower() == "pm" and hours < 12 else -12 if half.lower() == "am" and hours == 12 else 0
    if hours >= 24 or minutes >= 60 or seconds >= 61:
        return None
    if zone and zone[0] in "+-":
        minutes -= int(zone[0] + zone[1:3]) * 60 + int(zone[0] + zone[-2:])
    try:
        month = MONTHS.index(month[:3].lower()) + 1 if month.isalpha() else int(month)
        return datetime(int(year), month, int(day)) + timedelta(hours=hours, minutes=minutes, seconds=seconds)
    except (ValueError, OverflowError):
        return None


READ["date"] = date

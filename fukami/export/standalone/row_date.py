"""Cells that are dates: days since 1970, and what of the calendar the network looks at."""

import re
import unicodedata
from datetime import datetime, timedelta

import numpy as np

from fukami.export.standalone.row import READ, word


def date(value, column, told):
    """Days, and month, weekday and hour from 1; NaN and 0 where the cell is no day of the calendar."""
    found = re.fullmatch(column["pattern"], unicodedata.normalize("NFKC", word(value, told)).strip())
    when = moment(told["months"], **found.groupdict("0")) if found else None
    if when is None:
        return [np.nan] + [0] * len(column["parts"])
    known = {"month": when.month, "weekday": when.isoweekday(), "hour": when.hour + 1}
    return [(when - datetime(1970, 1, 1)) / timedelta(days=1), *(known[name] for name in column["parts"])]


def moment(months, year, month, day, hour, minute, second, half, zone):
    """A moment in UTC of what a date says, "0" for what it does not say; None where it is no day."""
    later = 12 if half.lower() == "pm" and int(hour) < 12 else -12 if half.lower() == "am" and int(hour) == 12 else 0
    ahead = int(zone[0] + zone[1:3]) * 60 + int(zone[0] + zone[-2:]) if zone[0] in "+-" else 0
    try:
        midnight = datetime(int(year), months.get(month[:3].lower(), 0), int(day))
        return midnight + timedelta(hours=int(hour) + later, minutes=int(minute) - ahead, seconds=float(second))
    except (ValueError, OverflowError):
        return None


READ["date"] = date

"""Cells that are dates: days since 1970, and what of the calendar the network looks at."""

import math
import re
from datetime import date

from fukami.export.standalone.row import READ, word
from fukami.export.standalone.row_plain import plain

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
DAY, EPOCH = 86_400_000_000, date(1970, 1, 1).toordinal()  # microseconds; the day from which days are counted


def moment(value, column, told):
    """Days, and month, weekday and hour from 1; NaN and 0 where the cell is no day of the calendar."""
    found = re.match(column["pattern"], plain(word(value, told) or ""), re.ASCII)
    try:
        micro = microseconds({name: text for name, text in found.groupdict().items() if text} if found else {})
    except (KeyError, ValueError):  # not written as a date, or not a day of the calendar
        return [math.nan], [0] * column["codes"]
    days, within = divmod(micro, DAY)
    known = {"month": date.fromordinal(days + EPOCH).month, "weekday": (days + 3) % 7 + 1, "hour": within * 24 // DAY + 1}
    return [micro / DAY], [known[name] for name in column["parts"]]


def microseconds(part):
    """Microseconds since 1970 in UTC, of year, month, day, hour, minute, second, half and zone as text."""
    named = part["month"][:3].lower()
    month = MONTHS.index(named) + 1 if named in MONTHS else int(part["month"])
    days = date(int(part["year"]), month, int(part["day"])).toordinal() - EPOCH
    hour, minute, second = (float(part.get(name, 0)) for name in ("hour", "minute", "second"))
    half = part.get("half", "").lower()
    hour = hour + 12 if half == "pm" and hour < 12 else 0 if half == "am" and hour == 12 else hour
    if hour >= 24 or minute >= 60 or second >= 61:
        raise ValueError
    zone = re.fullmatch(r"([+-])(\d{2}):?(\d{2})", part.get("zone", ""), re.ASCII)
    offset = (int(zone[2]) * 60 + int(zone[3])) * (-1 if zone[1] == "-" else 1) if zone else 0
    return days * DAY + round((hour * 3600 + (minute - offset) * 60 + second) * 1e6)


READ["date"] = moment

"""A cell → the day or moment that it names. A piece of exported programs: plain Python alone."""

import re
from datetime import datetime, timedelta

from fukami.fields.reading.cell_span import seconds_of
from fukami.fields.reading.plain_cells import plainly


def moment_of(text, how):
    """The moment of a cell on the column's clock, and whether the cell names a zone; None where it is no day written so.

    `how` holds a `pattern` with the groups year, month, name, day, quarter, week, era, hour, minute, second, half and zone
    (whichever it has), names of `months`, `eras` and `zones`, and the column's own `zone` in minutes that it is ahead of UTC,
    None where it has none: then the clock time counts.
    """
    found = re.fullmatch(how["pattern"], plainly(text), re.IGNORECASE)
    if not found:
        return None
    part = {name: value for name, value in found.groupdict().items() if value}
    try:
        when = midnight(part, how) + timedelta(seconds=seconds_of(part))
        if "zone" in part and how["zone"] is not None:
            when += timedelta(minutes=how["zone"] - ahead(part["zone"], how["zones"]))
    except (ValueError, OverflowError, KeyError):
        return None
    return when, "zone" in part


def midnight(part, how):
    """The day of the named parts of a date; without a year one of the year 2000, which has every day."""
    written = part.get("year", "2000")
    year = 1 if written == "元" else int(written)
    if "era" in part:
        year += how["eras"][part["era"].upper()]
    elif len(written) == 2:
        year += 1900 if year >= 69 else 2000
    if "week" in part:
        return datetime.fromisocalendar(year, int(part["week"]), int(part.get("day", 1)))
    if "name" in part:
        month = how["months"][part["name"].lower()]
    else:
        month = 3 * int(part["quarter"]) - 2 if "quarter" in part else int(part.get("month", 1))
    return datetime(year, month, int(part.get("day", 1)))


def ahead(zone, zones):
    """Minutes that a zone's clocks are ahead of UTC; `zones` knows those that have names."""
    if zone[0] not in "+-":
        return zones[zone.upper()]
    minutes = int(zone[1:3]) * 60 + int(zone[3:].replace(":", "") or 0)
    return -minutes if zone[0] == "-" else minutes

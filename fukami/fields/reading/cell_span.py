"""A cell → seconds: times of day and spans of time. A piece of exported programs: plain Python alone."""

import re

from fukami.fields.reading.plain_cells import plainly


def span_of(text, how):
    """Seconds since midnight, or of a span; None where a cell is not written as the column's are.

    `how` holds a `pattern` with the groups hour, minute, second, half, steps, less and more (whichever it has), the `step` of
    a span and the seconds of its `units`.
    """
    found = re.fullmatch(how["pattern"], plainly(text), re.IGNORECASE)
    if not found:
        return None
    part = {name: value for name, value in found.groupdict().items() if value}
    steps = re.findall(how["step"], part.get("steps", ""), re.IGNORECASE)
    lasted = sum(float(count.replace(",", ".")) * how["units"][unit.lower()] for count, unit in steps)
    clock = seconds_of(part)
    if "less" in part:  # of `-1 days +23:00:00` the days alone
        return clock - lasted if "more" in part else -clock - lasted
    return lasted + clock


def seconds_of(part):
    """Seconds since midnight of the named parts of a time of day, of which any may lack."""
    hour, half = int(part.get("hour", 0)), part.get("half", "").lower().replace(".", "")
    hour += 12 if half in ("pm", "午後") and hour < 12 else -12 if half in ("am", "午前") and hour == 12 else 0
    minute = 30 if part.get("minute") == "半" else int(part.get("minute", 0))
    return hour * 3600 + minute * 60 + float(part.get("second", "0").replace(",", "."))

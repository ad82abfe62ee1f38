"""The times that come after the last one of a history."""

import numpy as np

DAY = 86_400e6


def last_time(columns, clock):
    """The last cell of the column of times as a number, microseconds since 1970 for a date; None where it cannot be read."""
    cells = columns.get(clock["name"], ())
    if not len(cells) or clock["kind"] == "order":
        return None
    try:
        if clock["kind"] == "number":
            return float(cells[-1])
        return float(np.datetime64(str(cells[-1]).strip(), "us").astype(np.int64))
    except ValueError:
        return None


def times_after(last, clock, count):
    """The `count` times after `last`, as the run tells them."""
    ahead, day = np.arange(1, count + 1), np.datetime64(int(last // DAY) if clock["kind"] == "date" else 0, "D")
    if clock["months"]:
        month = day.astype("datetime64[M]")
        months = month + (ahead * clock["step"]).astype(int)
        longest = ((months + 1).astype("datetime64[D]") - months.astype("datetime64[D]")).astype(int) - 1
        of_month = int((day - month.astype("datetime64[D]")).astype(int))
        at_end = (day + 1).astype("datetime64[M]") != month
        when = moments(months.astype("datetime64[D]") + (longest if at_end else np.minimum(of_month, longest))) + last % DAY
    elif clock["working"]:
        when = moments(np.busday_offset(day, ahead, roll="backward")) + last % DAY
    else:
        when = last + ahead * clock["step"]
    if clock["kind"] != "date":
        return [int(value) if float(value).is_integer() else float(value) for value in when.tolist()]
    dates = when.round().astype(np.int64).astype("datetime64[us]")
    if not (when % DAY).any():
        return np.datetime_as_string(dates.astype("datetime64[D]")).tolist()
    unit = "us" if (when % 1e6).any() else "s"
    return [text.replace("T", " ") for text in np.datetime_as_string(dates.astype(f"datetime64[{unit}]")).tolist()]


def moments(days):
    """Days as microseconds."""
    return days.astype("datetime64[us]").astype(np.int64).astype(np.float64)

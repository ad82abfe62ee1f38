"""Cells that are dates: days since 1970, and what of the calendar the network looks at."""

from datetime import datetime, timedelta

import numpy as np

from fukami.export.standalone.row import READ, unread, word
from fukami.fields.reading.cell_date import moment_of


def date(value, column, told):
    """Days, and month, weekday and hour from 1; NaN and 0 where the cell is no day of the calendar."""
    text = word(value, told)
    found = moment_of(text, column["how"]) if text else None
    if found is None:
        return [unread(value, column) if text else np.nan] + [0] * len(column["parts"])
    when = found[0]
    known = {"month": when.month, "weekday": when.isoweekday(), "hour": when.hour + 1}
    return [(when - datetime(1970, 1, 1)) / timedelta(days=1), *(known[name] for name in column["parts"])]


READ["date"] = date

"""Cells that are numbers, times of day or spans, as their column writes them."""

import numpy as np

from fukami.export.standalone.row import READ, unread, word
from fukami.fields.reading.cell_number import number_of
from fukami.fields.reading.cell_span import span_of


def number(value, column, told):
    """The number of a cell; NaN where there is none."""
    how = column["how"]
    if isinstance(value, (int, float)):
        bare = how.get("bare", 0)
        found = float(value) * bare if bare or value != value else None
    else:
        text = word(value, told)
        found = (number_of if how["form"] == "number" else span_of)(text, how) if text else np.nan
    return [unread(value, column) if found is None else found]


READ["number"] = number

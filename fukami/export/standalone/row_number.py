"""Cells that are numbers, as people write them: `1,234.5`, `$3`, `12%`, `1e-3`."""

import math
import re

from fukami.export.standalone.row import READ, word
from fukami.export.standalone.row_plain import plain


def number(value, column, told):
    """The number of a cell; NaN where there is none."""
    if isinstance(value, (int, float)):
        return [float(value)]
    text = re.sub(told["unit"], r"\1\2", plain(word(value, told) or ""))
    if re.fullmatch(column["grouped"], text):
        text = text.translate(str.maketrans(column["marks"]))
    return [float(text) if re.fullmatch(told["number"], text) else math.nan]


READ["number"] = number

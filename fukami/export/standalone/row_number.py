"""Cells that are numbers, as people write them: `1,234.5`, `$3`, `12%`, `1e-3`."""

import re
import unicodedata

import numpy as np

from fukami.export.standalone.row import READ, word


def number(value, column, told):
    """The number of a cell; NaN where there is none."""
    if isinstance(value, (int, float)):
        return [float(value)]
    text = re.sub(told["unit"], r"\1\2", unicodedata.normalize("NFKC", word(value, told)).strip())
    text = text.translate(str.maketrans(column["marks"])) if re.fullmatch(column["grouped"], text) else text
    return [float(text) if re.fullmatch(told["number"], text) else np.nan]


READ["number"] = number

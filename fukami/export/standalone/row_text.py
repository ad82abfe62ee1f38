"""Cells that are longer texts, of which only the length counts."""

import math
import re

from fukami.export.standalone.row import READ, word


def text(value, column, told):
    """How many characters and words the text has."""
    found = word(value, told)
    return [math.nan] * 2 if found is None else [len(found), 1 + len(re.findall("[\t\n\f\r ]+", found))]


READ["text"] = text

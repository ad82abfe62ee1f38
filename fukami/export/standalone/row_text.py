"""Cells that are longer texts, of which only the length counts."""

import re

import numpy as np

from fukami.export.standalone.row import READ, word


def text(value, column, told):
    """How many characters and words the text has."""
    found = word(value, told)
    return [len(found), 1 + len(re.findall("[\t\n\f\r ]+", found))] if found else [np.nan, np.nan]


READ["text"] = text

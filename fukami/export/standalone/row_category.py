"""Cells that are one of the words that are known."""

import re

from fukami.export.standalone.row import READ, word


def category(value, column, told):
    """The place of the word among those that are known, from 1; 0 for others and for none. 3.0 is 3."""
    return [column["values"].get(re.sub(r"^([+-]?[0-9]+)\.0+$", r"\1", word(value, told)), 0)]


READ["category"] = category

"""Cells that are numbers, as people write them: `1,234.5`, `$3`, `12%`, `1e-3`."""

import math
import re

from fukami.export.standalone.row import READ, word
from fukami.export.standalone.row_plain import plain

GROUPED = {".": r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?", ",": r"[+-]?(\d+|\d{1,3}([. ]\d{3})+)(,\d*)?"}
NUMBER = r"[+-]?((\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[iI][nN][fF]([iI][nN][iI][tT][yY])?)"


def number(value, column, told):
    """The number of a cell; NaN where there is none."""
    if isinstance(value, (int, float)):
        return [float(value)], []
    text = plain(word(value, told) or "")
    text = re.sub(r"^([+-]?)\s*[$€£¥]\s*", r"\1", text, flags=re.ASCII)
    text = re.sub(r"\s*[%€円]\Z", "", text, flags=re.ASCII)
    if re.fullmatch(GROUPED[column["decimal"]], text, re.ASCII):
        text = text.replace(",", "") if column["decimal"] == "." else re.sub("[. ]", "", text).replace(",", ".")
    return [float(text) if re.fullmatch(NUMBER, text, re.ASCII) else math.nan], []


READ["number"] = number

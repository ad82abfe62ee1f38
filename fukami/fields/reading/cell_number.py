"""A cell → the number that it holds, as its column writes numbers. A piece of exported programs: plain Python alone."""

import re

from fukami.fields.reading.plain_cells import plainly


def number_of(text, how):
    """The number of a cell; None where it is not written as the column's numbers are.

    `how` holds a `pattern` with the groups body, less, minus, open, trail, before and after (whichever it has), the `decimal`
    mark, the `step` and the `factors` of multiples, and what a number without its unit is worth (`bare`; 0 where none may be).
    """
    found = re.fullmatch(how["pattern"], plainly(text), re.IGNORECASE)
    if not found:
        return None
    part, body = found.groupdict(), found["body"]
    steps = re.findall(how["step"], body, re.IGNORECASE)
    total = sum(digits_of(digits, how["decimal"]) * how["factors"].get(word.lower(), 1) for digits, word in steps)
    if not (part.get("before") or part.get("after") or any(word for _digits, word in steps)):
        total *= how["bare"]
    total = float("inf") if body[0] in "iI" else total
    return -total if any(part.get(name) for name in ("less", "minus", "open", "trail")) else total


def digits_of(text, decimal):
    """The value of digits with the marks between them. Thousands never begin with 0: 0.125 is a fraction in every language."""
    text = re.sub("[ ']", "", text)
    if decimal == ".":
        return float(text.replace(",", ""))
    if re.fullmatch(r"(?!0[0-9]*\.[0-9]*$)[0-9]{1,3}(\.[0-9]{3})+(,[0-9]*)?", text):
        text = text.replace(".", "")
    return float(text.replace(",", "."))

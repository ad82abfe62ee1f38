"""Texts with two marked spans: tokens, with one before and one after each span."""

import re
from itertools import zip_longest

import numpy as np

from fukami.export.standalone.text_normal import words
from fukami.export.standalone.text_words import numbers
from fukami.fields.reading.marked_spans import kept, pieces, shortened


def read(values, told):
    """The network's tensors of marked texts: numbers of their tokens, and how many each has."""
    rows = [tokens_of(value, told) for value in values]
    ids = np.array([*zip_longest(*rows, [0] * told["least_tokens"], fillvalue=told["padding"])], np.int64).T[:-1]
    return {told["name"] + "_ids": ids, told["name"] + "_lengths": np.array([len(row) for row in rows], np.int64)}


def tokens_of(value, told):
    """The numbers of the tokens of one marked text."""
    text = value if isinstance(value, str) else ""
    found = None if re.fullmatch(told["refused"], text) else pieces(text)
    if found is None:
        raise ValueError("both spans of a text are marked once: A <e1>cat</e1> on a <e2>mat</e2>.")
    ids = [
        [number for word in words(piece, told) for number in numbers(word, told)]
        for piece in shortened(found[0], told["longest"])
    ]
    ids[1], ids[3] = ids[1] or [told["unknown"]], ids[3] or [told["unknown"]]
    row = []
    for at, (start, stop) in enumerate(kept([len(one) for one in ids], told["most_tokens"])):
        row += ids[at][start:stop] + ([told["marks"][found[1][at]]] if at < 4 else [])
    return told["before"] + row + told["after"]

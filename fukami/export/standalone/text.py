"""Texts: as numbers of tokens, padded to the longest of a batch."""

import os
import re
from itertools import zip_longest
from pathlib import Path

import numpy as np

from fukami.export.standalone.text_normal import words
from fukami.export.standalone.text_words import numbers


def read(values, told):
    """The network's tensors of texts: numbers of their tokens, and how many each has."""
    rows = [numbered(value, told) for value in values]
    # zeros, taken away again, see to the least length that is asked for
    ids = np.array([*zip_longest(*rows, [0] * told["least_tokens"], fillvalue=told["padding"])], np.int64).T[:-1]
    return {told["name"] + "_ids": ids, told["name"] + "_lengths": np.array([len(row) for row in rows], np.int64)}


def numbered(value, told):
    """The numbers of the tokens of one text, or of the text file of that name."""
    text = str(value) if isinstance(value, (str, int, float)) else ""
    if text.endswith(".txt") and len(text) < 1024:
        text = Path(text).read_text("utf-8-sig")
    if re.fullmatch(told["refused"], text) or (text.endswith((".csv", ".tsv", ".jsonl")) and os.path.isfile(text)):  # noqa: PTH113
        raise ValueError("the text is empty, has half a character, or is the name of a table")
    found = [number for word in words(text[: told["longest"]], told) for number in numbers(word, told)]
    return told["before"] + found[: told["most_tokens"]] + told["after"] or [told["unknown"]]

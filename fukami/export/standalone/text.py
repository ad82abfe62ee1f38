"""Texts: as numbers of tokens, padded to the longest of a batch."""

import unicodedata
from pathlib import Path

import numpy as np

from fukami.export.standalone.text_words import tokens


def read(values, told):
    """The network's tensors of texts: numbers of their tokens, and how many each has."""
    rows = [numbered(value, told) for value in values]
    lengths = [len(row) for row in rows]
    longest = max(told["least_tokens"], *lengths)
    ids = [row + [told["padding"]] * (longest - len(row)) for row in rows]
    return {told["name"] + "_ids": np.array(ids, np.int64), told["name"] + "_lengths": np.array(lengths, np.int64)}


def numbered(value, told):
    """The numbers of the tokens of one text, or of the text file of that name."""
    text = str(value) if isinstance(value, (str, int, float)) else ""
    if text.endswith(".txt") and len(text) < 1024:
        text = Path(text).read_text("utf-8-sig")
    if all(c.isspace() or unicodedata.category(c) in ("Cc", "Cf") for c in text):
        raise ValueError("the text is empty")
    text.encode()  # half a character is refused
    found = tokens(text[: told["longest"]], told)[: told["most_tokens"]]
    return told["before"] + found + told["after"] or [told["unknown"]]

"""Texts: as numbers of tokens, padded to the longest of a batch."""

import numpy as np

from fukami.export.standalone.text_words import tokens


def inputs(argument):
    """The inputs that an argument of the command line stands for: one text."""
    return [argument]


def read(values, told, tokens=tokens):
    """The graph's tensors of texts: numbers of their tokens, and how many each has."""
    room = told["max_tokens"] - len(told["before"]) - len(told["after"])
    rows = [told["before"] + tokens(text[: told["longest"]], told)[:room] + told["after"] for text in values]
    rows = [row or [told["unknown"]] for row in rows]
    lengths = np.array([len(row) for row in rows], np.int64)
    ids = [row + [told["padding"]] * (lengths.max() - len(row)) for row in rows]
    return {told["name"] + "_ids": np.array(ids, np.int64), told["name"] + "_lengths": lengths}

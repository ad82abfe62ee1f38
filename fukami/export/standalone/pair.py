"""Pairs of texts: the tokens of both in one row."""

import re
from itertools import zip_longest

import numpy as np

from fukami.export.standalone.text_normal import words
from fukami.export.standalone.text_words import numbers


def read(values, told):
    """The network's tensors of pairs: numbers of their tokens, and how many each has."""
    before, between, after = told["around"]
    rows = []
    for value in values:
        first, second = (tokens_of(text, told) for text in both(value, told))
        rows.append([*before, *first, *between, *second, *after])
    ids = np.array([*zip_longest(*rows, [0] * told["least_tokens"], fillvalue=told["padding"])], np.int64).T[:-1]
    return {told["name"] + "_ids": ids, told["name"] + "_lengths": np.array([len(row) for row in rows], np.int64)}


def both(value, told):
    """Both texts of an object that names them, or of a list of two."""
    if isinstance(value, dict):
        loosely = {str(key).strip().lower(): text for key, text in value.items()}
        value = [loosely.get(name.strip().lower()) for name in told["columns"]]
    if not isinstance(value, list) or len(value) != 2 or any(text is None or isinstance(text, (list, dict)) for text in value):
        raise ValueError(f"an input is an object with the texts {told['columns']}")
    return value


def tokens_of(text, told):
    """The numbers of the tokens of one text."""
    text = str(text)
    if re.fullmatch(told["refused"], text):
        raise ValueError("a text is empty, or has half a character")
    found = [number for word in words(text[: told["longest"]], told) for number in numbers(word, told)]
    return found[: told["most_tokens"]] or [told["unknown"]]

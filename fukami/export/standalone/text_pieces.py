"""Pieces of words: neighbours joined as byte-pair encoding learned it (Sennrich et al. 2016)."""

import re

from fukami.export.standalone.text_joined import joined
from fukami.export.standalone.text_normal import normal, outline


def tokens(text, told):
    """The numbers of a text's pieces."""
    text = normal(text, told)
    words = (text[m.start() : m.end()] for m in re.finditer(told["pattern"], outline(text), re.ASCII))
    return [number for word in words for number in joined(list(word), told)]

"""Pieces of words."""

import re

from fukami.export.standalone.text_joined import joined
from fukami.export.standalone.text_normal import normal


def tokens(text, told):
    """The numbers of a text's pieces."""
    return [number for word in re.findall(told["pattern"], normal(text, told)) for number in joined(list(word), told)]

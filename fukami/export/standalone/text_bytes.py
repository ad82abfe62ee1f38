"""Pieces of words over bytes, as GPT-2 and RoBERTa cut them."""

import re

from fukami.export.standalone.text_joined import joined


def tokens(text, told):
    """The numbers of a text's pieces; for each byte there is a letter."""
    text = f" {text}" if told["space_before"] and text[0] != " " else text
    words = ([told["letters"][byte] for byte in word.encode()] for word in re.findall(told["pattern"], text))
    return [number for word in words for number in joined(word, told)]

"""Spelling that tokenizers do not tell apart."""

import unicodedata


def normal(text, told):
    """The text in a normal form of Unicode, and in small letters where the tokenizer asks for them."""
    text = unicodedata.normalize(told["form"], text)
    return "".join(c.lower() for c in text) if told["lower"] else text

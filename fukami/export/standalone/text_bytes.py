"""Pieces of words over bytes, as GPT-2 and RoBERTa cut them."""

import re
import unicodedata

from fukami.export.standalone.text_joined import joined

PATTERN = r"'(?:s|t|re|ve|m|ll|d)| ?[A-Za-z]+| ?[0-9]+| ?[^\sA-Za-z0-9]+|\s+(?!\S)|\s+"
PLAIN = [*range(33, 127), *range(161, 173), *range(174, 256)]
LETTERS = {byte: chr(byte) for byte in PLAIN}  # a printable character for each byte
LETTERS |= {byte: chr(256 + place) for place, byte in enumerate(byte for byte in range(256) if byte not in LETTERS)}


def tokens(text, told):
    """The numbers of a text's pieces."""
    text = f" {text}" if told["space_before"] and text and text[0] != " " else text
    found = re.finditer(PATTERN, "".join(map(outlined, text)), re.ASCII)
    words = ([LETTERS[byte] for byte in text[m.start() : m.end()].encode()] for m in found)
    return [number for word in words for number in joined(word, told)]


def outlined(c):
    """The stand-in in ASCII of a character: a letter, a digit, a space or a sign."""
    kind = unicodedata.category(c)[0]
    return c if c < "\x80" else "a" if kind == "L" else "0" if kind == "N" else "\t" if c.isspace() else "."

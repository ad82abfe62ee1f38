"""Words, or characters, that are known or not."""

import re

from fukami.export.standalone.text_normal import normal, outline


def tokens(text, told):
    """The numbers of a text's words (or characters)."""
    text, numbers = normal(text, told), numbered(told)
    found = re.finditer(told["pattern"], outline(text), re.ASCII)
    return [numbers.get(text[m.start() : m.end()], told["unknown"]) for m in found]


def numbered(told):
    """Token → its number, kept for the next text."""
    if "numbers" not in told:
        told["numbers"] = {token: number for number, token in enumerate(told["vocabulary"])}
    return told["numbers"]

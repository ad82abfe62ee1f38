"""Words, or characters, that are known or not."""

import re

from fukami.export.standalone.text_normal import normal


def tokens(text, told):
    """The numbers of a text's words (or characters)."""
    return [told["vocabulary"].get(word, told["unknown"]) for word in re.findall(told["pattern"], normal(text, told))]

"""Words over bytes, as GPT-2 and RoBERTa cut them."""

import re


def words(text, told):
    """Words of a text, in which a letter stands for each byte."""
    text = f" {text}" if told["space_before"] and text[0] != " " else text
    return ["".join(told["letters"][byte] for byte in word.encode()) for word in re.findall(told["pattern"], text)]

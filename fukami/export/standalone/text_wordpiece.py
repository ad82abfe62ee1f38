"""Words and their pieces as BERT cuts them."""

import re
import unicodedata


def words(text, told):
    """Words and signs, spelled as the tokenizer spells them."""
    text = re.sub(told["dropped"], "", unicodedata.normalize(told["form"], text) if told["form"] else text)
    return re.findall(told["pattern"], "".join(c.lower() for c in text) if told["lower"] else text)


def numbers(word, told):
    """The numbers of a word's pieces: the longest known beginning, again and again; one unknown token where there is none."""
    found, rest, known = [], word, told["vocabulary"] if len(word) <= told["longest_word"] else {}
    while rest and (end := next((end for end in range(len(rest), 0, -1) if rest[:end] in known), 0)):
        found, rest, known = [*found, known[rest[:end]]], rest[end:], told["continued"]
    return [told["unknown"]] if rest else found

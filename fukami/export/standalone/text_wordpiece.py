"""Pieces of words as BERT cuts them: the longest known beginning, again and again."""

import re
import unicodedata


def tokens(text, told):
    """The numbers of a text's pieces."""
    return [number for word in words(text, told) for number in pieces(word, told)]


def words(text, told):
    """Words and signs, spelled as the tokenizer spells them."""
    for pattern, put in told["spelling"]:  # control characters, spaces, Chinese
        text = re.sub(pattern, put, text)
    if told["strip_accents"]:
        text = "".join(c for c in unicodedata.normalize("NFD", text) if unicodedata.category(c) != "Mn")
    if told["lower"]:
        text = "".join(c.lower() for c in text)
    return re.sub(told["sign"], r" \g<0> ", text).split()


def pieces(word, told):
    """The numbers of a word's pieces; one unknown token where it cannot be put together."""
    found, start, known = [], 0, told["vocabulary"]
    while start < len(word) <= told["longest_word"]:
        prefix = told["prefix"] if start else ""
        end = next((end for end in range(len(word), start, -1) if prefix + word[start:end] in known), start)
        if end == start:
            return [told["unknown"]]
        found.append(known[prefix + word[start:end]])
        start = end
    return found or [told["unknown"]]

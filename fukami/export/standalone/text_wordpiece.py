"""Pieces of words as BERT cuts them: the longest known beginning, again and again."""

import unicodedata

CHINESE = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x2A6DF), (0x2A700, 0x2CEAF), (0x2F800, 0x2FA1F))


def tokens(text, told):
    """The numbers of a text's pieces."""
    if "numbers" not in told:  # kept for the next text
        told["numbers"] = {token: number for number, token in enumerate(told["vocabulary"])}
    return [number for word in words(text, told) for number in pieces(word, told)]


def words(text, told):
    """Words and signs, spelled as the tokenizer spells them."""
    if told["clean"]:
        text = "".join(" " if c.isspace() else c for c in text if c in "\t\n\r" or not (c == "\ufffd" or unseen(c)))
    if told["chinese"]:
        text = "".join(f" {c} " if any(a <= ord(c) <= b for a, b in CHINESE) else c for c in text)
    if told["strip_accents"]:
        text = "".join(c for c in unicodedata.normalize("NFD", text) if unicodedata.category(c) != "Mn")
    if told["lower"]:
        text = "".join(c.lower() for c in text)
    return "".join(f" {c} " if is_sign(c) else c for c in text).split()


def unseen(c):
    """Whether a character is for control."""
    return unicodedata.category(c)[0] == "C"


def is_sign(c):
    """Whether a character stands for itself."""
    return unicodedata.category(c)[0] == "P" or c in "$+<=>^`|~"


def pieces(word, told):
    """The numbers of a word's pieces; one unknown token where it cannot be put together."""
    found, start, known = [], 0, told["numbers"]
    while start < len(word) and len(word) <= told["longest_word"]:
        prefix = told["prefix"] if start else ""
        end = next((end for end in range(len(word), start, -1) if prefix + word[start:end] in known), start)
        if end == start:
            return [told["unknown"]]
        found.append(known[prefix + word[start:end]])
        start = end
    return found or [told["unknown"]]

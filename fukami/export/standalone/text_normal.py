"""Spelling that tokenizers do not tell apart, and the outline of a text by which it is cut."""

import unicodedata


def normal(text, told):
    """The text after each step of normalising."""
    for step in told["normal"]:
        text = "".join(c.lower() for c in text) if step == "lower" else unicodedata.normalize(step, text)
    return text


def outline(text):
    """`text` in ASCII for regular expressions: `a` stands for a letter, `.` for a sign, a space for a space."""
    return "".join(c if c < "\x80" or c == "’" else outlined(c) for c in text)


def outlined(c):
    """The stand-in of a character beyond ASCII."""
    word = unicodedata.category(c)[0] in "LM" or unicodedata.category(c) in ("Nd", "Nl", "Pc")
    word = word or "\U0001f130" <= c <= "\U0001f189"  # letters in circles and squares
    return "a" if word else " " if c.isspace() else "."

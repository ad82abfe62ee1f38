"""Texts as they are compared with what is heard: one form of each letter, one blank between words, and what the options say.

Nobody hears capitals and commas, and transcripts of one corpus write them while those of another do not.
"""

import re
import unicodedata

_BETWEEN = re.compile(r"(?<=\w)['’](?=\w)")
_KEPT = "\ue000"
"""Stands for an apostrophe within a word (don't), which is no punctuation."""


def normal(text: str, *, case: str = "lower", punctuation: str = "drop") -> str:
    """A text as it is learned and judged.

    >>> normal("Well —  don’t  “Stop”, Ｍｒ. Smith!"), normal("Aha!", case="keep", punctuation="keep"), normal("「猫」です。")
    ("well don't stop mr smith", 'Aha!', '猫です')
    """
    text = unicodedata.normalize("NFKC", text)
    if case == "lower":
        text = text.lower()
    if punctuation == "drop":
        text = _BETWEEN.sub(_KEPT, text)
        text = "".join(_without(letter) for letter in text).replace(_KEPT, "'")
    return " ".join(text.split())


def _without(letter: str) -> str:
    """The letter; a blank for a dash, which parts words, and nothing for other marks."""
    kind = unicodedata.category(letter)
    if kind == "Pd" and letter not in "〜～":
        return " "
    return "" if kind[0] in "PS" or (kind in ("Cc", "Cf") and not letter.isspace()) else letter

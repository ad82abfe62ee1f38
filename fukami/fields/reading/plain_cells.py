"""The characters of a cell as every keyboard has them. A piece of exported programs: plain Python alone."""

import unicodedata

ALIKE = str.maketrans({**dict.fromkeys("−–‒﹣‐‑", "-"), **dict.fromkeys("’‘`´′", "'"), "∼": "~", "〜": "~"})


def plainly(text):
    """Full-width characters, minus signs, apostrophes and blanks as the usual ones.

    >>> plainly(" −１ 234，5 ")
    '-1 234,5'
    """
    return " ".join(unicodedata.normalize("NFKC", text).translate(ALIKE).split())

"""How alike two answers are, by the rules of SQuAD: Rajpurkar et al. 2016, with those of SQuAD 2.0 for none.

English: small letters, without punctuation and articles, word by word. Scripts without blanks: widths alike, without
punctuation and blanks, character by character, as is usual for JSQuAD.
"""

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Sequence

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)


def pieces(text: str, *, characters: bool) -> list[str]:
    """What is compared.

    >>> pieces("The  Old-Town!", characters=False), pieces("「東京 １」", characters=True)
    (['oldtown'], ['東', '京', '1'])
    """
    if not characters:
        return _ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split()
    text = unicodedata.normalize("NFKC", text).lower()
    return [letter for letter in text if not letter.isspace() and unicodedata.category(letter)[0] not in "PS"]


def likeness(said: str, right: Sequence[str], *, characters: bool) -> tuple[float, float]:
    """Exact match and F1 with the right answer that is most like it; no right answer says that there is none.

    >>> likeness("the cat sat", ["A cat.", "dog"], characters=False)
    (0.0, 0.6666666666666666)
    """
    found = pieces(said, characters=characters)
    wanted = [one for one in (pieces(text, characters=characters) for text in right) if one] or [[]]
    return max(float(found == one) for one in wanted), max(_f1(found, one) for one in wanted)


def _f1(found: list[str], wanted: list[str]) -> float:
    if not found or not wanted:
        return float(found == wanted)
    same = (Counter(found) & Counter(wanted)).total()
    return 2 * same / (len(found) + len(wanted))

"""Where a text is cut into the elements that are tagged, and what is seen of each.

A sentence is a text with the places of its elements. Given as a list of words it is their text with blanks between, and its
elements are those words; given as a text it is cut here. No dictionary is asked, so scripts without blanks are cut into
characters.
"""

import json
import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from fukami.core.tables import Column

# 3,000, 1996-08-30 and U.S. stay whole, as do all-rounder and AT&T; 's and every other sign stand alone
_WORDS = re.compile(r"\d+(?:[.,:/-]\d+)*\w*|(?:[^\W\d_]\.){2,}|\w+(?:[-&]\w+)*|['’]\w+|[^\w\s]")
_PIECES = re.compile(r"[^\W\d_]+|\d+|[^\w\s]|_")
_SPACES = re.compile(r"\S+")
_CHARACTERS = re.compile(r"\S")
CUTS = {"words": _WORDS, "pieces": _PIECES, "spaces": _SPACES, "characters": _CHARACTERS}
"""How a text can be cut: `pieces` are runs of letters or of digits, so that a mark may begin and end within a word."""


class Sentence(NamedTuple):
    """A text, and from where to where each of its L elements reaches (int64, L)."""

    text: str
    starts: np.ndarray
    ends: np.ndarray

    @property
    def words(self) -> list[str]:
        return [self.text[start:end] for start, end in zip(self.starts.tolist(), self.ends.tolist(), strict=True)]


def cut(value: str | Sequence[str] | None, way: str, most: int = 0) -> Sentence:
    """One cell as a sentence of at most `most` elements (0: all).

    >>> cut("EU rejects Japan's call.", "words").words, cut(["New York", "is"], "words").words
    (['EU', 'rejects', 'Japan', "'s", 'call', '.'], ['New York', 'is'])
    """
    if value is None or isinstance(value, str):
        text = value or ""
        places = [found.span() for found in CUTS[way].finditer(text)]
    else:
        text = " ".join(value)
        ends = np.cumsum([len(word) + 1 for word in value]) - 1
        places = [(int(end) - len(word), int(end)) for word, end in zip(value, ends, strict=True)]
    places_L2 = np.array(places[: most or None], np.int64).reshape(-1, 2)
    return Sentence(text, places_L2[:, 0], places_L2[:, 1])


def given(column: Column) -> list[str | list[str] | None]:
    """The cells as people gave them: texts, or lists of words. What is neither (a number) is its text."""
    values = column.values.tolist() if isinstance(column.values, np.ndarray) else column.values.to_pylist()
    return [_given(value) for value in values]


def _given(value: Any) -> str | list[str] | None:
    if value is None or isinstance(value, str):
        listed = as_list(value)
        return value if listed is None else listed
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, list | tuple | np.ndarray):
        return ["" if word is None else str(word) for word in value]
    return str(value)


def as_list(value: str | None) -> list[str] | None:
    """The words of a JSON list of strings; None for any other text.

    >>> as_list('["New", "York"]'), as_list("[1] New York")
    (['New', 'York'], None)
    """
    if not value or not value.startswith("[") or not value.rstrip().endswith("]"):
        return None
    try:
        told = json.loads(value)
    except ValueError:
        return None
    return told if isinstance(told, list) and told and all(isinstance(word, str) for word in told) else None


# -- what is seen of a word ----------------------------------------------------------------------------------------------
@lru_cache(maxsize=1 << 16)
def form(word: str, *, lowercase: bool, digits: bool) -> str:
    """A word as the vocabulary has it: widths alike, and where asked for in small letters, with 0 for every digit.

    >>> form("Ａ-1996", lowercase=True, digits=True)
    'a-0000'
    """
    word = unicodedata.normalize("NFKC", word)
    word = word.lower() if lowercase else word
    return re.sub(r"\d", "0", word) if digits else word


@lru_cache(maxsize=1 << 16)
def shape(word: str) -> str:
    """Its letters by kind, repeated ones once: capital X, small x, digit d, hiragana h, katakana k, kanji c, other letters l.

    >>> [shape(word) for word in ("Simmons", "all-rounder", "A300", "東京タワー")]
    ['Xx', 'x-x', 'Xd', 'ck']
    """
    kinds = "".join(map(_kind, word[:32]))
    return kinds[:1] + "".join(after for before, after in pairwise(kinds) if after != before)


def _kind(letter: str) -> str:
    if letter.isdigit():
        return "d"
    if letter.isupper():
        return "X"
    if letter.islower():
        return "x"
    code = ord(letter)
    if 0x3041 <= code <= 0x309F:
        return "h"
    if 0x30A0 <= code <= 0x30FF or 0xFF66 <= code <= 0xFF9F:
        return "k"
    if 0x3400 <= code <= 0x9FFF or 0xF900 <= code <= 0xFAFF or code > 0x20000:
        return "c"
    return "l" if letter.isalpha() else letter


def looks(words: list[str], way: str, *, lowercase: bool, digits: bool) -> list[tuple[str, ...]]:
    """What is seen of each word of a sentence, besides its letters: its form and shape, and its beginnings and ends, or where
    words are single characters the pairs and the threes that they stand in.

    >>> looks(["Rome", "1"], "words", lowercase=True, digits=True)[0]
    ('rome', 'Xx', 'ro', 'rom', 'me', 'ome')
    >>> looks(["東", "京"], "characters", lowercase=True, digits=True)[1]
    ('京', 'c', '東京', '京$', '東京$')
    """
    forms = [form(word, lowercase=lowercase, digits=digits) for word in words]
    if way != "characters":
        return [(f, shape(w), f[:2], f[:3], f[-2:], f[-3:]) for f, w in zip(forms, words, strict=True)]
    around = ["^", *forms, "$"]
    near = zip(around, forms, around[2:], words, strict=False)
    return [(f, shape(w), before + f, f + after, before + f + after) for before, f, after, w in near]

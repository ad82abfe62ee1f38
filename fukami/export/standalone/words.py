"""Sentences: cut into words, each as numbers of what is seen of it and of its letters."""

import json
import re
import unicodedata
from pathlib import Path

import numpy as np


def read(values, told):
    """The network's tensors of sentences, padded to the longest of them."""
    rows = [placed(value, told)[2] for value in values]
    size, most = max(map(len, rows)), told["most_letters"] if told["letters"] else 0
    known = [{value: at + 2 for at, value in enumerate(seen)} for seen in told["looks"]]
    letters = {letter: at + 2 for at, letter in enumerate(told["letters"])}
    looks = np.zeros((len(rows), size, len(known)), np.int64)
    spelt = np.zeros((len(rows), size, most), np.int64)
    for row, words in enumerate(rows):
        for place, seen in enumerate(looked_at(words, told)):
            looks[row, place] = [numbers.get(value, 1) for numbers, value in zip(known, seen, strict=True)]
        for place, word in enumerate(words if most else ()):
            shown = word if len(word) <= most else word[: most // 2] + word[-most // 2 :]
            spelt[row, place, : len(shown)] = [letters.get(letter, 1) for letter in shown]
    tensors = {"looks": looks, "lengths": np.array([len(words) for words in rows], np.int64)}
    tensors |= {"letters": spelt} if most else {}
    return {told["name"] + "_" + name: array for name, array in tensors.items()}


def placed(value, told):
    """The text of an input, from where to where each word of it lies, and the words."""
    text = value
    if isinstance(value, str) and value.endswith(".txt") and len(value) < 1024:
        text = Path(value).read_text("utf-8-sig")
    elif isinstance(value, str) and value.startswith("[") and value.rstrip().endswith("]"):
        try:
            given = json.loads(value)
        except ValueError:
            given = None
        text = given if isinstance(given, list) and given and all(isinstance(word, str) for word in given) else value
    if isinstance(text, str):
        places = [found.span() for found in re.finditer(told["pattern"], text)]
    else:
        words, text, places = [str(word) for word in text], "", []
        for word in words:
            places.append((len(text) + bool(places), len(text) + bool(places) + len(word)))
            text += " " * bool(len(places) > 1) + word
    if not any(not (c.isspace() or unicodedata.category(c) in ("Cc", "Cf")) for c in text):
        raise ValueError("the text is empty")
    places = places[: told["max_words"]] or [(0, 0)]
    return text, places, [text[start:end] for start, end in places]


def looked_at(words, told):
    """What is seen of each word of a sentence besides its letters."""
    forms = [unicodedata.normalize("NFKC", word) for word in words]
    forms = [word.lower() for word in forms] if told["lowercase"] else forms
    forms = [re.sub(r"\d", "0", word) for word in forms] if told["digits"] else forms
    if told["cut"] != "characters":
        return [(f, shape(w), f[:2], f[:3], f[-2:], f[-3:]) for f, w in zip(forms, words, strict=True)]
    around = ["^", *forms, "$"]
    near = zip(around, forms, around[2:], words, strict=False)
    return [(f, shape(w), before + f, f + after, before + f + after) for before, f, after, w in near]


def shape(word):
    """The letters of a word by kind, repeated ones once."""
    kinds = [kind(letter) for letter in word[:32]]
    return "".join(now for at, now in enumerate(kinds) if at == 0 or now != kinds[at - 1])


def kind(letter):
    """A letter that stands for all of its kind."""
    code = ord(letter)
    if letter.isdigit():
        return "d"
    if letter.isupper() or letter.islower():
        return "X" if letter.isupper() else "x"
    if 0x3041 <= code <= 0x309F:
        return "h"
    if 0x30A0 <= code <= 0x30FF or 0xFF66 <= code <= 0xFF9F:
        return "k"
    if 0x3400 <= code <= 0x9FFF or 0xF900 <= code <= 0xFAFF or code > 0x20000:
        return "c"
    return "l" if letter.isalpha() else letter

"""Pairs of texts as plain numbers: how much both have in common, for the baselines that know no word.

N pairs.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

import numpy as np

_LONGEST = 5000
"""Letters of a text that are looked at."""


def overlaps(firsts: Sequence[str], seconds: Sequence[str], *, unspaced: bool) -> np.ndarray:
    """float32 (N, 12): of single words, pairs and runs of three (letters, where a script has no spaces) the share that both
    have of all, of the first's and of the second's; and the logarithms of both lengths and of their ratio.

    >>> np.round(overlaps(["a b c"], ["a b d"], unspaced=False)[0, :3].astype(float), 2).tolist()
    [0.5, 0.67, 0.67]
    """
    rows = [_row(_pieces(a, unspaced), _pieces(b, unspaced)) for a, b in zip(firsts, seconds, strict=True)]
    return np.array(rows, np.float32).reshape(len(rows), 12)


def _pieces(text: str, unspaced: bool) -> list[str]:
    text = unicodedata.normalize("NFKC", text[:_LONGEST]).lower()
    return [letter for letter in text if not letter.isspace()] if unspaced else re.findall(r"\w+|[^\w\s]", text)


def _row(first: list[str], second: list[str]) -> list[float]:
    out = []
    for run in (1, 2, 3):
        left, right = (Counter(zip(*(one[at:] for at in range(run)), strict=False)) for one in (first, second))
        both = (left & right).total()
        out += [both / max(1, whole) for whole in ((left | right).total(), left.total(), right.total())]
    lengths = [np.log(1 + len(first)), np.log(1 + len(second))]
    return [*out, *lengths, lengths[0] - lengths[1]]

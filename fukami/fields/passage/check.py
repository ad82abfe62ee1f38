"""What the doctor finds in passages beside what it finds in texts: too little text; and between parts: long stretches that
stand in both, and characters that no one learned from. W stretches.
"""

from collections import Counter
from collections.abc import Iterator
from itertools import chain

import numpy as np

from fukami.core.language import _, _n
from fukami.core.percent import percent
from fukami.core.problems import Problem
from fukami.core.tables import Column
from fukami.fields import cells
from fukami.fields.text.check import check_texts

LITTLE = 10_000
"""Characters below which hardly anything but the text itself can be learned."""
STRETCH = 48
"""Characters that two texts hardly share by chance."""
SAMPLED = 8
"""One of so many stretches is looked at, chosen by what it says, so that copies are found wherever they begin."""
COPIED, STRANGE = 0.5, 0.01
_BASE = np.uint64(0x9E3779B97F4A7C15)


def check_passages(column: Column) -> Iterator[Problem]:
    """Every problem of passages on their own."""
    yield from check_texts(column)
    total = sum(map(len, cells.strings(column)))
    if len(column) > 1 and total < LITTLE:
        yield Problem(
            code="F-PASSAGE-LITTLE",
            severity="warning",
            what=_("there is little text to learn a language from"),
            where=cells.place(column),
            expected=_("{n} characters or more").format(n=f"{LITTLE:,}"),
            got=f"{total:,}",
            fix=_("give more text"),
        )


def check_parts(column: Column, train: np.ndarray, held: np.ndarray) -> Iterator[Problem]:
    """What is odd about the `held` passages beside those that train."""
    texts = cells.strings(column)
    if not len(train) or not len(held):
        return
    # one after the other, since where one passage ends the next goes on
    known = np.unique(stretches("".join(texts[row] for row in train.tolist())))
    shares = np.array([_share(stretches(texts[row]), known) for row in held.tolist()])
    copied = held[shares > COPIED]
    if len(copied):
        yield Problem(
            code="F-PASSAGE-COPIED",
            severity="warning",
            what=_n(
                "{n} held-out passage stands for the most part in the training text as well, word for word",
                "{n} held-out passages stand for the most part in the training text as well, word for word",
                len(copied),
            ),
            where=cells.places(column, copied),
            expected=_("held-out texts that are not known already"),
            fix=_("take repeated texts (licences, headers, copies of a file) out, or give the parts as files of their own"),
            count=len(copied),
        )
    seen = set(chain.from_iterable(texts[row] for row in train.tolist()))
    found = Counter(c for row in held.tolist() for c in texts[row] if c not in seen)
    total = sum(len(texts[row]) for row in held.tolist())
    if sum(found.values()) > STRANGE * total:
        yield Problem(
            code="F-PASSAGE-STRANGE",
            severity="warning",
            what=_("{share} of the held-out characters are never seen in training").format(
                share=percent(sum(found.values()) / total)
            ),
            where=cells.place(column),
            got="".join(character for character, _count in found.most_common(20)),
            fix=_("texts of one language and script belong into all parts; look whether files were mixed up"),
            count=sum(found.values()),
        )


def stretches(text: str) -> np.ndarray:
    """uint64 (W): hashes of stretches of 48 characters, of which the same are chosen wherever they stand.

    >>> inside = "A long stretch of text that stands in two files, word for word, from here up to the very end of it."
    >>> bool(np.isin(stretches(inside), stretches("Something else before it. " + inside)).all())
    True
    """
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
    if len(codes) < STRETCH:
        return np.zeros(0, np.uint64)
    hashes = np.zeros(len(codes) - STRETCH + 1, np.uint64)
    for at in range(STRETCH):
        hashes = hashes * _BASE + codes[at : at + len(hashes)]
    hashes ^= hashes >> np.uint64(31)
    return hashes[hashes % np.uint64(SAMPLED) == 0]


def _share(asked_W: np.ndarray, known: np.ndarray) -> float:
    return float(np.isin(asked_W, known).mean()) if len(asked_W) else 0.0

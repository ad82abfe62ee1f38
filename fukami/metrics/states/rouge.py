"""ROUGE of written texts (Lin 2004), as the package rouge-score computes it without a stemmer. B examples, R replicates.

An example's value is the F measure of runs of words that answer and reference share, or of their longest common subsequence.
Of several references the mean or the best counts, as the target says.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Self

import numpy as np

from fukami.metrics.contract import State, ratio

KINDS = ("1", "2", "l")
_PLAIN = re.compile(r"[a-z0-9]+")


class Rouge(State):
    """`sums_KR` of the three measures in the order of `KINDS`, and weights of examples."""

    def __init__(self, target: Any, replicates: int = 0, *, room: float = 1.0):
        super().__init__(target, replicates, room=room)
        self.sums_KR, self.weights_R = np.zeros((len(KINDS), 1 + replicates)), np.zeros(1 + replicates)
        self.words = words_by(target.state["rouge"])
        self.over = np.max if target.options.several == "best" else np.mean

    def update(self, answers: Any, truth: Any, weights_RB: np.ndarray, /) -> None:
        found = [
            self.over([rouge(self.words(one), self.words(other)) for other in right], axis=0)
            for one, right in zip(self.target.texts(answers["tokens"]), self.target.references(truth), strict=True)
        ]
        self.sums_KR += (weights_RB @ np.array(found).reshape(-1, len(KINDS))).T
        self.weights_R += weights_RB.sum(1)

    def merge(self, other: Self) -> None:
        self.sums_KR += other.sums_KR
        self.weights_R += other.weights_R

    def value(self, kind: str) -> np.ndarray:
        """The mean over examples, 0 to 100 (1 + R,); NaN where nothing was seen."""
        return 100 * ratio(self.sums_KR[KINDS.index(kind)], self.weights_R)


def words_by(name: str) -> Callable[[str], list[str]]:
    """What cuts a text into words in small letters: `rouge`, or what sacreBLEU calls so.

    >>> words_by("rouge")("The cat's 3.5"), words_by("char")("猫だ A")
    (['the', 'cat', 's', '3', '5'], ['猫', 'だ', 'a'])
    """
    if name == "rouge":
        return lambda text: _PLAIN.findall(text.lower())
    return lambda text: _cutter(name)(text.lower()).split()


@cache
def _cutter(name: str) -> Any:
    from sacrebleu.metrics.bleu import BLEU

    return BLEU(tokenize=name, force=True).tokenizer


def rouge(answer: Sequence[str], reference: Sequence[str]) -> list[float]:
    """The F measures of one word, of two, and of the longest common subsequence, 0 to 1.

    >>> rouge("the cat sat".split(), "the cat was".split())[1]
    0.5
    """
    pairs = [(_runs(answer, size), _runs(reference, size)) for size in (1, 2)]
    shared = [_measure(sum((a & b).values()), sum(a.values()), sum(b.values())) for a, b in pairs]
    return [*shared, _measure(_common(answer, reference), len(answer), len(reference))]


def _runs(words: Sequence[str], size: int) -> Counter[tuple[str, ...]]:
    return Counter(zip(*(words[at:] for at in range(size)), strict=False))


def _measure(shared: int, written: int, wanted: int) -> float:
    return 2 * shared / (written + wanted) if shared else 0.0


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """Length of the longest common subsequence, with the places of a word as bits of one number (Hyyrö 2004)."""
    places: dict[str, int] = {}
    for at, word in enumerate(one):
        places[word] = places.get(word, 0) | 1 << at
    whole = (1 << len(one)) - 1
    left = whole
    for word in other:
        seen = left & places.get(word, 0)
        left = ((left + seen) | (left - seen)) & whole
    return len(one) - left.bit_count()

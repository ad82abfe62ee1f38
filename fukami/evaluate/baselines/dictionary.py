"""Entities that stood in the training texts, found again wherever the same words stand, the longest first.

Of words that stood both in an entity and outside of one, what was commoner counts. Where every word has a tag of its own, each
has its commonest one.
"""

from collections import Counter, defaultdict
from typing import Any

import numpy as np

from fukami.core.cards import BaselineCard
from fukami.evaluate.baselines.contract import Answers, Examples
from fukami.evaluate.baselines.tagged import answered, sentences

CARD = BaselineCard(name="dictionary", summary="entities of the training texts, found again word for word", of=("tags",))


def fit(examples: Examples) -> Answers:
    target: Any = examples.target
    texts = sentences(examples.inputs, examples.columns)
    tags = [one["tag"].tolist() for one in examples.targets["tags"].each()]
    kinds: defaultdict[tuple[str, ...], Counter[tuple[int, ...]]] = defaultdict(Counter)
    for words, row in zip(texts, tags, strict=True):
        for start, stop, _label in target.spans(row):
            kinds[tuple(words[start:stop])][tuple(row[start:stop])] += 1
    usual = {words: counts.most_common(1)[0][0] for words, counts in kinds.items()}
    longest = max(map(len, usual), default=0)
    if not target.of_words:  # a name that is mostly no name (a May that is a month) is none
        stood: Counter[tuple[str, ...]] = Counter()
        for words in texts:
            for _start, part in _matches(words, usual, longest):
                stood[part] += 1
        usual = {words: row for words, row in usual.items() if 2 * kinds[words].total() >= stood[words]}
    commonest = int(np.bincount(examples.targets["tags"].columns["tag"]).argmax()) if target.of_words else 0

    def answer(columns: dict[str, list]) -> Any:
        found = []
        for words in sentences(examples.inputs, columns):
            row = np.full(len(words), commonest)
            for start, part in _matches(words, usual, longest):
                row[start : start + len(part)] = usual[part]
            found.append(row)
        return answered(found)

    return answer


def _matches(words: list[str], known: Any, longest: int) -> list[tuple[int, tuple[str, ...]]]:
    """Where known parts begin, from left to right, the longest at each place."""
    found, at = [], 0
    while at < len(words):
        size = next((n for n in range(min(longest, len(words) - at), 0, -1) if tuple(words[at : at + n]) in known), 0)
        if size:
            found.append((at, tuple(words[at : at + size])))
        at += max(1, size)
    return found

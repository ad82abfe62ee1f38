"""The sentence of a text that shares most with the question, as a whole: words that few texts of the training have weigh more.

In scripts without blanks what is shared are pairs of characters. It has an answer to every question.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from fukami.core.cards import BaselineCard
from fukami.core.tables import Column
from fukami.evaluate.baselines.contract import Answers, Examples
from fukami.fields.frame import Line

CARD = BaselineCard(name="shared_words", summary="the sentence that shares most words with the question", of=("extract",))

ENDS = ".!?。！？"


def fit(examples: Examples) -> Answers:
    ((name, asked),) = examples.inputs.items()
    field: Any = asked
    unspaced = field.state["cut"] == "characters"
    seen = {text: _pieces(words, unspaced) for text, words in _words(field, examples.columns[name])}
    counts = Counter(piece for pieces in seen.values() for piece in set(pieces))

    def weight(pieces: Sequence[str]) -> float:
        return sum(float(np.log((1 + len(seen)) / (1 + counts[piece]))) for piece in set(pieces))

    def answer(columns: Mapping[str, list[Column]]) -> Any:
        texts = list(_words(field, columns[name]))
        questions = [one.words for one in field.sentences([field.both(columns[name])[0]])]
        cut = {text: list(_parts(words)) for text, words in dict(texts).items()}
        found = []
        for (text, _own), question in zip(texts, questions, strict=True):
            wanted = set(_pieces(question, unspaced))
            scored = [(weight([p for p in _pieces(part, unspaced) if p in wanted]), -at, len(part)) for at, part in cut[text]]
            _best, at, size = max(scored, default=(0.0, 0, 1))
            found.append((-at, -at + size - 1))
        places_B2 = np.array(found, np.int64).reshape(-1, 2)
        sure_B = np.ones(len(found), np.float32)
        return {"first": places_B2[:, 0], "last": places_B2[:, 1], "score": sure_B, "odds": sure_B}

    return answer


def _words(field: Any, columns: Sequence[Column]) -> Iterator[tuple[str, list[str]]]:
    """Each text and its words."""
    line: Line = field.frame(columns)
    for text, starts, ends in zip(line.texts, line.starts, line.ends, strict=True):
        yield text, [text[s:e] for s, e in zip(starts.tolist(), ends.tolist(), strict=True)]


def _parts(words: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Where each sentence begins, and its words without the mark at its end."""
    start = 0
    for at, word in enumerate([*words, ENDS[0]]):
        if word in ENDS:
            if at > start:
                yield start, words[start:at]
            start = at + 1


def _pieces(words: Sequence[str], unspaced: bool) -> list[str]:
    """What is compared: words in small letters, or pairs of characters."""
    small = [word.lower() for word in words]
    return [a + b for a, b in pairwise(small)] if unspaced else [w for w in small if w.isalnum()]

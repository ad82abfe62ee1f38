"""Entities that were found, those that should be, and those that both agree about; words whose tag is right.

An entity counts as found where its first word, its last word and its type are right, as in conlleval and seqeval. Answers are
rows of `tag`; the truth besides says how many entities of an example no tag can tell, which count as missed.
B examples, R replicates, T types.
"""

from typing import Any

import numpy as np

from fukami.metrics.contract import State, ratio


class Entities(State):
    """Sums over examples: `right_RT`, `answered_RT`, `actual_RT` entities of each type, `lost_R` that no tag can tell;
    `same_R` of `words_R` tags."""

    def __init__(self, target: Any, replicates: int = 0, *, room: float = 1.0):
        super().__init__(target, replicates, room=room)
        self.outline = target.outline()
        rows, types = 1 + replicates, len(target.state["types"])
        self.right_RT, self.answered_RT, self.actual_RT = (np.zeros((rows, types)) for _ in range(3))
        self.lost_R, self.same_R, self.words_R = (np.zeros(rows) for _ in range(3))

    def update(self, answers: Any, truth: Any, weights_RB: np.ndarray, /) -> None:
        counted = counts(answers, truth, self.outline)
        for name in ("right", "answered", "actual"):
            setattr(self, f"{name}_RT", getattr(self, f"{name}_RT") + weights_RB @ counted[name])
        for name in ("lost", "same", "words"):
            setattr(self, f"{name}_R", getattr(self, f"{name}_R") + weights_RB @ counted[name])

    def merge(self, other: "Entities") -> None:
        for name in ("right_RT", "answered_RT", "actual_RT", "lost_R", "same_R", "words_R"):
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def precision(self) -> np.ndarray:
        """(1 + R,): the share of the answered entities that are right; 0 where none is answered, though there are some."""
        return np.where(self.total() > 0, ratio(self.right_RT.sum(1), self.answered_RT.sum(1), empty=0.0), np.nan)

    def recall(self) -> np.ndarray:
        """(1 + R,): the share of the entities that are found."""
        return ratio(self.right_RT.sum(1), self.total())

    def f1(self) -> np.ndarray:
        """(1 + R,): the harmonic mean of both."""
        return np.where(self.total() > 0, ratio(2 * self.right_RT.sum(1), self.answered_RT.sum(1) + self.total()), np.nan)

    def total(self) -> np.ndarray:
        """(1 + R,): entities that there are."""
        return self.actual_RT.sum(1) + self.lost_R

    def accuracy(self) -> np.ndarray:
        """(1 + R,): the share of the words whose tag is right."""
        return ratio(self.same_R, self.words_R)


def counts(answers: Any, truth: Any, outline: tuple[np.ndarray, ...]) -> dict[str, np.ndarray]:
    """Of each example: entities `right`, `answered`, `actual` of each type (B, T), `lost` ones, `same` of `words` tags (B)."""
    size, types = len(truth["tags"]), int(outline[2].max()) + 1
    answered_W, actual_W = np.asarray(answers.columns["tag"]), np.asarray(truth["tags"].columns["tag"])
    example_W = np.repeat(np.arange(size), truth["tags"].counts)
    found_E3, known_E3 = entities(answered_W, outline), entities(actual_W, outline)
    right_E = np.isin(_keys(found_E3, len(example_W), types), _keys(known_E3, len(example_W), types))

    def by_example(entities_E3: np.ndarray) -> np.ndarray:
        pairs_E = example_W[entities_E3[:, 0]] * types + entities_E3[:, 2]
        return np.bincount(pairs_E, minlength=size * types).reshape(size, types).astype(np.float64)

    return {
        "right": by_example(found_E3[right_E]),
        "answered": by_example(found_E3),
        "actual": by_example(known_E3),
        "lost": np.asarray(truth["lost"], np.float64),
        "same": np.bincount(example_W, answered_W == actual_W, size),
        "words": np.asarray(truth["tags"].counts, np.float64),
    }


def entities(tag_W: np.ndarray, outline: tuple[np.ndarray, ...]) -> np.ndarray:
    """int64 (E, 3): first element, last element and type of every entity, in their order; `outline` is that of the target.

    Tags are those of whole sequences one after the other, in which every entity that begins ends.
    """
    begins_K, ends_K, kind_K = outline
    begin_E, end_E = np.flatnonzero(begins_K[tag_W]), np.flatnonzero(ends_K[tag_W])
    return np.stack([begin_E, end_E, kind_K[tag_W[begin_E]]], axis=1).astype(np.int64)


def _keys(entities_E3: np.ndarray, words: int, types: int) -> np.ndarray:
    return (entities_E3[:, 0] * max(1, words) + entities_E3[:, 1]) * types + entities_E3[:, 2]

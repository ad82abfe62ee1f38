"""Counts of tokens after the tokens before them, and how likely they make a text. T tokens.

Witten and Bell 1991: what is less specific is believed as much as a context has had different followers,
`p(w|h) = (c(h, w) + t(h) p(w|h')) / (c(h) + t(h))`, h' being h without its first token; the least specific is one over the
vocabulary.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Self

import numpy as np

from fukami.evaluate.baselines.contract import Answers, Examples, InputColumns
from fukami.fields import batch as trees
from fukami.fields.batch import Rows


@dataclass(frozen=True)
class Order:
    """Of contexts of one length: keys of those that were seen, what follows them, how often, and the likeliest of it."""

    contexts: np.ndarray
    total: np.ndarray
    different: np.ndarray
    likeliest: np.ndarray
    pairs: np.ndarray
    counts: np.ndarray


@dataclass(frozen=True)
class Counts:
    """Counts of contexts of 0 to `len(orders) - 1` tokens."""

    orders: tuple[Order, ...]
    size: int
    begin: int

    @classmethod
    def of(cls, tokens: Rows, target: Any, *, order: int) -> Self:
        size, begin = target.state["vocabulary_size"], target.state["special"]["cls"]
        ids_T, before_TH = windows(tokens, begin, order - 1)
        return cls(
            tuple(_counted(key(before_TH[:, before_TH.shape[1] - n :], size), ids_T, size) for n in range(order)), size, begin
        )

    def judged(self, tokens: Rows) -> dict[str, np.ndarray]:
        """`nats` and `right` of each token."""
        ids_T, before_TH = windows(tokens, self.begin, len(self.orders) - 1)
        share_T, guess_T = np.full(len(ids_T), 1 / self.size), np.zeros(len(ids_T), np.int64)
        for n, order in enumerate(self.orders):
            context_T = key(before_TH[:, before_TH.shape[1] - n :], self.size)
            at_T, known_T = _found(order.contexts, context_T)
            pair_T, met_T = _found(order.pairs, at_T * self.size + ids_T)
            count_T = np.where(known_T & met_T, order.counts[pair_T], 0)
            total_T, different_T = order.total[at_T], order.different[at_T]
            share_T = np.where(known_T, (count_T + different_T * share_T) / (total_T + different_T), share_T)
            guess_T = np.where(known_T, order.likeliest[at_T], guess_T)
        return {"nats": -np.log(share_T), "right": guess_T == ids_T}


def windows(tokens: Rows, begin: int, before: int) -> tuple[np.ndarray, np.ndarray]:
    """Each token, and the `before` tokens before it in its passage, the last one last; `begin` where there is none."""
    ids_T = np.asarray(tokens.columns["id"]).astype(np.int64)
    before_TH = np.full((len(ids_T), before), begin, np.int64)
    for start, stop in pairwise(tokens.offsets.tolist()):
        for back in range(1, before + 1):
            before_TH[start + back : stop, before - back] = ids_T[start : max(start, stop - back)][
                : max(0, stop - start - back)
            ]
    return ids_T, before_TH


def key(context_TH: np.ndarray, size: int) -> np.ndarray:
    """One number for each context."""
    key_T = np.zeros(len(context_TH), np.int64)
    for column in context_TH.T:
        key_T = key_T * size + column
    return key_T


def _counted(context_T: np.ndarray, ids_T: np.ndarray, size: int) -> Order:
    contexts, at_T = np.unique(context_T, return_inverse=True)
    pairs, counts = np.unique(at_T * size + ids_T, return_counts=True)
    of_pair = pairs // size
    total = np.bincount(of_pair, counts, len(contexts))
    different = np.bincount(of_pair, minlength=len(contexts))
    first = np.unique(of_pair[order := np.lexsort((-counts, of_pair))], return_index=True)[1]
    return Order(contexts, total, different, pairs[order][first] % size, pairs, counts)


def _found(known: np.ndarray, asked_T: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where each stands among sorted `known`, and whether it does."""
    at_T = np.minimum(np.searchsorted(known, asked_T), len(known) - 1)
    return at_T, known[at_T] == asked_T


def foretelling(examples: Examples, counts: Counts) -> Answers:
    """Answers to passages by counts."""
    (name,) = examples.inputs
    target = examples.target

    def answer(columns: InputColumns) -> Rows:
        stored = target.encode(columns[name])
        tokens = trees.arrays(target.truth(target.batch(stored, np.arange(len(columns[name][0])))))["tokens"]
        return Rows(counts.judged(tokens), tokens.counts)

    return answer

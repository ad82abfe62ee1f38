"""Where the true items stand in rankings, and what is answered at all.

Answers are `item` (B, K), the best first and 0 where a place stays empty; the truth is `Rows` of items. What stands beyond the
K places that are judged counts as not found. B examples, K places, R bootstrap replicates.
"""

from typing import Any, Self

import numpy as np

from fukami.metrics.contract import State, ratio

MEASURES = ("hr_at_10", "ndcg_at_10", "mrr", "recall_at_20", "ndcg_at_20")
TOP = 10
"""Places that coverage and popularity look at."""


def hits(item_BK: np.ndarray, truth: Any) -> np.ndarray:
    """Which places (bool, B, K) hold a true item of their example.

    >>> from fukami.fields.batch import Rows
    >>> hits(np.array([[3, 1, 0], [2, 1, 3]]), Rows({"item": np.array([1, 2, 9])}, np.array([1, 2]))).tolist()
    [[False, True, False], [True, False, False]]
    """
    counts_B, items_T = np.asarray(truth.counts), np.asarray(truth.columns["item"])
    step = int(max(item_BK.max(initial=0), items_T.max(initial=0))) + 1
    true_T = np.repeat(np.arange(len(counts_B)), counts_B) * step + items_T
    return np.isin(np.arange(len(item_BK))[:, None] * step + item_BK, true_T) & (item_BK > 0)


def measured(item_BK: np.ndarray, truth: Any) -> np.ndarray:
    """float64 (5, B): `MEASURES` of each example.

    HR@k is whether any true item stands in the first k; recall the share of them; NDCG has gains of 1 and the logarithm of 2
    (Järvelin and Kekäläinen 2002), ideal with as many true items as fit; MRR takes the first true item. Items that are true
    twice count once.
    """
    hit_BK = hits(item_BK, truth)
    wanted_B = np.array([len(np.unique(own["item"])) for own in truth.each()], np.int64)
    places = item_BK.shape[1]
    gain_K = 1 / np.log2(np.arange(places) + 2)
    ideal = np.concatenate([[0.0], np.cumsum(1 / np.log2(np.arange(max(20, places)) + 2))])

    def ndcg(k: int) -> np.ndarray:
        return ratio((hit_BK[:, :k] * gain_K[:k]).sum(1), ideal[np.minimum(wanted_B, k)])

    first_B = np.where(hit_BK.any(1), hit_BK.argmax(1), -1)
    reciprocal_B = np.where(first_B >= 0, 1 / (first_B + 1.0 + (first_B < 0)), 0.0)
    recall_B = ratio(hit_BK[:, :20].sum(1), wanted_B)
    return np.stack([hit_BK[:, :10].any(1).astype(np.float64), ndcg(10), reciprocal_B, recall_B, ndcg(20)])


class Places(State):
    """Sums of `MEASURES` over examples that have a true item."""

    def __init__(self, target: Any, replicates: int = 0, *, room: float = 1.0):
        super().__init__(target, replicates, room=room)
        self.sums, self.weight = np.zeros((len(MEASURES), 1 + replicates)), np.zeros(1 + replicates)

    def update(self, answers: Any, truth: Any, weights_RB: np.ndarray, /) -> None:
        asked_B = np.asarray(truth.counts) > 0
        values_MB = np.where(asked_B, measured(np.asarray(answers["item"]), truth), 0.0)
        self.sums += values_MB @ (weights_RB * asked_B).T
        self.weight += (weights_RB * asked_B).sum(1)

    def merge(self, other: Self) -> None:
        self.sums += other.sums
        self.weight += other.weight

    def mean(self, measure: str) -> np.ndarray:
        """(1 + R,): the mean of one measure."""
        return ratio(self.sums[MEASURES.index(measure)], self.weight)


class Answered(State):
    """Which items stand in the first ten places of anybody's ranking, and how many of training's users chose them."""

    def __init__(self, target: Any, replicates: int = 0, *, room: float = 1.0):
        super().__init__(target, replicates, room=room)
        self.share = target.chosen_by
        self.seen, self.sums = np.zeros((1 + replicates, len(self.share)), bool), np.zeros((2, 1 + replicates))

    def update(self, answers: Any, truth: Any, weights_RB: np.ndarray, /) -> None:
        item_BK = np.asarray(answers["item"])[:, :TOP]
        for seen, weights_B in zip(self.seen, weights_RB, strict=True):
            seen[item_BK[weights_B > 0]] = True
        filled_BK = item_BK > 0
        self.sums += np.stack([weights_RB @ (self.share[item_BK] * filled_BK).sum(1), weights_RB @ filled_BK.sum(1)])

    def merge(self, other: Self) -> None:
        self.seen |= other.seen
        self.sums += other.sums

    def coverage(self) -> np.ndarray:
        """(1 + R,): the share of the catalogue that is answered to anybody."""
        return self.seen[:, 1:].mean(1) if self.sums[1, 0] else np.full(len(self.seen), np.nan)

    def popularity(self) -> np.ndarray:
        """(1 + R,): the share of training's users who chose an answered item, on average."""
        return ratio(self.sums[0], self.sums[1])

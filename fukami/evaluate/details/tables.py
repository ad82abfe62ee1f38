"""Details that targets of several kinds share: tables per class, curves, the surest mistakes."""

import heapq
from collections.abc import Iterable
from typing import Any

import numpy as np

from fukami.metrics.states.counts import Counts
from fukami.metrics.states.ranking import Ranking

MAX_POINTS = 100
MAX_CURVES = 10
"""Curves are drawn for at most so many classes."""


class Worst:
    """The `keep` mistakes of the highest score, whatever the order in which they come."""

    def __init__(self, keep: int):
        self.keep, self._heap = keep, []

    def update(self, scores_B: np.ndarray, rows_B: np.ndarray, told: Iterable[tuple[Any, Any]]) -> None:
        """Takes mistakes in: how wrong each is, its row, and (target, answer), which is drawn only where needed."""
        for score, row, pair in zip(scores_B.tolist(), rows_B.tolist(), told, strict=True):
            entry = (score, -row, pair)
            if len(self._heap) < self.keep:
                heapq.heappush(self._heap, entry)
            elif self.keep and entry[:2] > self._heap[0][:2]:
                heapq.heapreplace(self._heap, entry)

    def told(self) -> list[dict[str, Any]]:
        """The mistakes, worst first."""
        ordered = sorted(self._heap, key=lambda entry: (-entry[0], -entry[1]))
        return [{"row": -row, "target": t, "answer": a, "score": score} for score, row, (t, a) in ordered]


def per_class(counts: Counts, labels: list[str]) -> list[dict[str, Any]]:
    """Precision, recall, F1 and number of examples of each class."""
    columns = counts.precision()[0], counts.recall()[0], counts.f1()[0], counts.actual_RK[0]
    return [
        {"label": label, "precision": float(p), "recall": float(r), "f1": float(f), "support": round(float(n))}
        for label, p, r, f, n in zip(labels, *columns, strict=True)
    ]


def curves(ranking: Ranking, labels: list[str]) -> dict[str, Any]:
    """ROC (false alarms, found) and precision–recall (found, right) curves, at most 100 points each.

    For two classes those of the second; for a few, those of each under `classes`. Empty where a class has no example.
    """
    if ranking.num_columns == 1:
        return curve(ranking, 0)
    drawn = {label: curve(ranking, column) for column, label in enumerate(labels[:MAX_CURVES])}
    return {"classes": {label: both for label, both in drawn.items() if both}}


def curve(ranking: Ranking, column: int) -> dict[str, list[list[float]]]:
    """Both curves of one column."""
    positives_G, negatives_G = ranking.tallies(column)
    found_G, alarms_G = np.cumsum(positives_G), np.cumsum(negatives_G)
    if not len(found_G) or not found_G[-1] or not alarms_G[-1]:
        return {}
    taken_G = found_G + alarms_G
    found_G, alarms_G, precision_G = found_G / found_G[-1], alarms_G / alarms_G[-1], found_G / np.maximum(taken_G, 1)
    roc = [[0.0, 0.0], *_thinned(alarms_G, found_G, alarms_G + found_G, most=MAX_POINTS - 1)]
    return {"roc": roc, "pr": _thinned(found_G[taken_G > 0], precision_G[taken_G > 0], found_G[taken_G > 0], most=MAX_POINTS)}


def _thinned(x_G: np.ndarray, y_G: np.ndarray, along_G: np.ndarray, *, most: int) -> list[list[float]]:
    """At most `most` points, evenly spaced on `along_G`, the first and the last included."""
    places = np.searchsorted(along_G, np.linspace(along_G[0], along_G[-1], most))
    places = np.unique(np.concatenate([[0], places[:-1], [len(x_G) - 1]]))
    return [[round(float(x_G[i]), 6), round(float(y_G[i]), 6)] for i in places]

"""Which classes are taken for which."""

from collections import Counter
from typing import Any

import numpy as np

MAX_CLASSES = 30
_DENSE = 512


class Confusion:
    """Counts of (target, answer). A full matrix for a few hundred classes, else only the pairs that occur."""

    def __init__(self, labels: list[str]):
        self.labels = labels
        self._dense = np.zeros((len(labels), len(labels)), dtype=np.int64) if len(labels) <= _DENSE else None
        self._pairs: Counter[int] = Counter()

    def update(self, targets_B: np.ndarray, answers_B: np.ndarray) -> None:
        pairs_B = targets_B.astype(np.int64) * len(self.labels) + answers_B
        if self._dense is not None:
            self._dense += np.bincount(pairs_B, minlength=self._dense.size).reshape(self._dense.shape)
        else:
            found, counts = np.unique(pairs_B, return_counts=True)
            self._pairs.update(dict(zip(found.tolist(), counts.tolist(), strict=True)))

    def add(self, counts_KK: np.ndarray) -> None:
        """Takes in what was counted elsewhere, targets first."""
        if self._dense is not None:
            self._dense += counts_KK
            return
        for i, j in zip(*np.nonzero(counts_KK), strict=True):
            self._pairs[int(i) * len(self.labels) + int(j)] += int(counts_KK[i, j])

    def told(self) -> dict[str, Any]:
        """`labels` and `counts` (row: target) of at most 30 classes, those most often confused; `left_out`, how many are not
        shown; `pairs`, the ten commonest confusions of all."""
        size = len(self.labels)
        cells = self._cells()
        wrong = {pair: n for pair, n in cells.items() if pair // size != pair % size}
        errors = np.zeros(size)
        for pair, n in wrong.items():
            errors[[pair // size, pair % size]] += n
        shown = np.sort(np.argsort(-errors, kind="stable")[:MAX_CLASSES]).tolist()
        commonest = sorted(wrong.items(), key=lambda item: (-item[1], item[0]))[:10]
        return {
            "labels": [self.labels[i] for i in shown],
            "counts": [[cells.get(i * size + j, 0) for j in shown] for i in shown],
            "left_out": size - len(shown),
            "pairs": [{"target": self.labels[p // size], "answer": self.labels[p % size], "count": n} for p, n in commonest],
        }

    def _cells(self) -> dict[int, int]:
        if self._dense is None:
            return dict(self._pairs)
        flat = self._dense.ravel()
        return {int(i): int(flat[i]) for i in np.flatnonzero(flat)}

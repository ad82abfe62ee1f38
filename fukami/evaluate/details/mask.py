"""Details for masks: each class on its own, which pixels are taken for which, and pictures: the worst, typical ones, the best.

B examples, K classes, H and W pixels.
"""

import heapq
from typing import Any

import numpy as np

from fukami.core.language import N_
from fukami.evaluate.details.confusion import Confusion
from fukami.evaluate.details.contract import Details
from fukami.fields.mask.render import kept
from fukami.metrics.bootstrap import row_keys
from fukami.metrics.contract import Running, State
from fukami.metrics.states.overlap import Overlap, confusions

SAMPLED = 200
"""Examples among which typical ones are looked for."""
RANKS = (N_("among the worst"), N_("typical"), N_("among the best"))


class CollectedDetails(Details):
    """Per class, confusion of pixels, and examples by their own mean IoU, small: a third each of the worst, typical, best."""

    def __init__(self, target: Any, *, seed: int = 0, keep: int = 24):
        super().__init__(target, seed=seed, keep=keep)
        self.labels: list[str] = target.labels()
        self._worst: list[tuple] = []
        self._best: list[tuple] = []
        self._sampled: list[tuple] = []

    def states(self) -> tuple[type[State], ...]:
        return (Overlap,)

    def update(self, answers: dict[str, np.ndarray], truth: np.ndarray, rows: np.ndarray, /) -> None:
        if not self.keep:
            return
        B, K = len(rows), len(self.labels)
        counts_BKK = confusions(answers["class"].reshape(B, -1), truth.reshape(B, -1), K)
        keys_B = row_keys(self.seed, rows, "pictures").tolist()
        for b, row in enumerate(rows.tolist()):
            own = example_iou(counts_BKK[b])
            if np.isnan(own):
                continue
            told = row, truth[b], answers["class"][b]
            _keep(self._worst, (-own, -row), told, self.keep)
            _keep(self._best, (own, -row), told, self.keep)
            _keep(self._sampled, (-keys_B[b], own), told, SAMPLED)

    def told(self, running: Running) -> dict[str, Any]:
        overlap = running.state(Overlap)
        confusion = Confusion(self.labels)
        confusion.add(overlap.counts_RKK[0].astype(np.int64))
        return {"per_class": self._classes(overlap), "confusion": confusion.told(), "mistakes": self._pictures()}

    def _classes(self, overlap: Overlap) -> list[dict[str, Any]]:
        right_K = overlap.right()[0]
        truth_K, answered_K = overlap.counts_RKK[0].sum(1), overlap.counts_RKK[0].sum(0)
        iou_K, dice_K = overlap.iou()[0], overlap.dice()[0]
        return [
            {
                "label": label,
                "precision": float(right_K[k] / max(answered_K[k], 1)),
                "recall": float(right_K[k] / max(truth_K[k], 1)),
                "f1": float(dice_K[k]),
                "iou": float(iou_K[k]),
                "support": round(float(truth_K[k])),
            }
            for k, label in enumerate(self.labels)
        ]

    def _pictures(self) -> list[dict[str, Any]]:
        third = max(1, self.keep // 3)
        worst = [(-key[0], told) for key, _tie, told in sorted(self._worst, key=_order, reverse=True)][:third]
        best = [(key[0], told) for key, _tie, told in sorted(self._best, key=_order, reverse=True)][:third]
        taken = {told[0] for _own, told in (*worst, *best)}
        others = sorted(((key[1], told) for key, _tie, told in self._sampled if told[0] not in taken), key=lambda one: one[0])
        middle = len(others) // 2
        typical = others[max(0, middle - third // 2) : middle + third - third // 2]
        found: dict[int, dict[str, Any]] = {}
        for rank, several in zip(RANKS, (worst, typical, best), strict=True):
            for own, (row, truth_HW, answer_HW) in several:
                drawn = {"target": kept(truth_HW), "answer": kept(answer_HW)}
                found.setdefault(row, {"row": row, "score": float(own), "rank": rank, **drawn})
        return _in_turns(list(found.values()))


def _in_turns(told: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The worst, a typical one, the best, the second worst …: a report that shows few shows some of each."""
    ranks = [[one for one in told if one["rank"] == rank] for rank in RANKS]
    longest = max(map(len, ranks), default=0)
    return [several[i] for i in range(longest) for several in ranks if i < len(several)]


def example_iou(counts_KK: np.ndarray) -> float:
    """The mean IoU of one picture, over the classes that occur in it; NaN where nothing is judged.

    >>> example_iou(np.array([[2, 0], [0, 0]]))
    1.0
    """
    right_K = np.diag(counts_KK)
    either_K = counts_KK.sum(0) + counts_KK.sum(1) - right_K
    occurs = either_K > 0
    return float((right_K[occurs] / either_K[occurs]).mean()) if occurs.any() else float("nan")


def _keep(heap: list[tuple], key: tuple, told: tuple, most: int) -> None:
    """The `most` of the largest keys."""
    entry = (key, told[0], told)
    if len(heap) < most:
        heapq.heappush(heap, entry)
    elif entry[:2] > heap[0][:2]:
        heapq.heapreplace(heap, entry)


def _order(entry: tuple) -> tuple:
    return entry[:2]

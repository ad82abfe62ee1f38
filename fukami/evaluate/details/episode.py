"""Details for episodes: how what they bring is spread, and the best, the middle and the worst of them."""

from typing import Any

import numpy as np

from fukami.evaluate.details.contract import Details
from fukami.metrics.contract import Running

MOST = 1000
"""Episodes whose actions are kept while they are judged."""
NUM_BINS = 31


class CollectedDetails(Details):
    """Sums of rewards as a histogram, and three episodes with everything that was done in them."""

    def __init__(self, target: Any, *, seed: int = 0, keep: int = 24):
        super().__init__(target, seed=seed, keep=keep)
        self._returns: list[float] = []
        self._kept: list[dict[str, Any]] = []

    def update(self, answers: Any, truth: Any, rows: np.ndarray, /) -> None:
        if not self.keep:
            return
        self._returns += answers["return"].tolist()
        told = zip(answers["seed"].tolist(), answers["return"].tolist(), answers["actions"].each(), strict=True)
        for seed, total, done in told if len(self._kept) < MOST else ():
            self._kept.append({"seed": seed, "return": total, "actions": done["action"].tolist()})

    def told(self, running: Running) -> dict[str, Any]:
        if not self._kept:
            return {}
        ordered = sorted(self._kept, key=lambda one: one["return"])
        places = {"worst": 0, "middle": (len(ordered) - 1) // 2, "best": len(ordered) - 1}
        low, high = min(self._returns), max(self._returns)
        low, high = (low - 0.5, high + 0.5) if low == high else (low, high)
        counts, edges = np.histogram(self._returns, NUM_BINS, (low, high))
        shown = [{"which": which, **ordered[place]} for which, place in places.items()]
        return {"episodes": {"shown": shown, "histogram": {"edges": edges, "counts": counts}}}

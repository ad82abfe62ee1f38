"""Details for several labels at once. B examples, K labels."""

from typing import Any

import numpy as np

from fukami.evaluate.details.contract import Details
from fukami.evaluate.details.tables import MAX_CURVES, Worst, curves, per_class
from fukami.metrics.contract import Running, State
from fukami.metrics.states.counts import Counts, answers
from fukami.metrics.states.ranking import Ranking
from fukami.metrics.states.reliability import Reliability


class CollectedDetails(Details):
    """Per label, calibration, curves, and the examples with the label that the model was most surely wrong about."""

    def __init__(self, target: Any, *, seed: int = 0, keep: int = 24):
        super().__init__(target, seed=seed, keep=keep)
        self.labels: list[str] = target.labels()
        self.worst = Worst(keep)

    def states(self) -> tuple[type[State], ...]:
        return (Counts, Reliability, Ranking) if len(self.labels) <= MAX_CURVES else (Counts, Reliability)

    def update(self, scores: np.ndarray, targets: np.ndarray, rows: np.ndarray, /) -> None:
        actual_BK, answered_BK = targets > 0.5, answers(scores, targets)
        sure_BK = np.where(answered_BK, scores, 1 - scores) * (actual_BK != answered_BK)
        wrong = np.flatnonzero(sure_BK.max(1, initial=0.0) > 0)
        pairs = ((self._names(actual_BK[i]), self._names(answered_BK[i])) for i in wrong)
        self.worst.update(sure_BK[wrong].max(1, initial=0.0), rows[wrong], pairs)

    def _names(self, given_K: np.ndarray) -> list[str]:
        return [self.labels[k] for k in np.flatnonzero(given_K)]

    def told(self, running: Running) -> dict[str, Any]:
        reliability = running.state(Reliability)
        drawn = curves(running.state(Ranking), self.labels) if len(self.labels) <= MAX_CURVES else {}
        return {
            "per_class": per_class(running.state(Counts), self.labels),
            "calibration": {"bins": reliability.bins(), "error": float(reliability.error()[0])},
            "mistakes": self.worst.told(),
            "curves": drawn,
        }

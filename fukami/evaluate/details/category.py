"""Details for one class of several. B examples, K classes."""

from typing import Any

import numpy as np

from fukami.evaluate.details.confusion import Confusion
from fukami.evaluate.details.contract import Details
from fukami.evaluate.details.tables import MAX_CURVES, Worst, curves, per_class
from fukami.metrics.contract import Running, State
from fukami.metrics.states.counts import Counts
from fukami.metrics.states.ranking import Ranking
from fukami.metrics.states.reliability import Reliability


class CollectedDetails(Details):
    """Per class, confusion, calibration, curves, and the mistakes that the model was surest of."""

    def __init__(self, target: Any, *, seed: int = 0, keep: int = 24):
        super().__init__(target, seed=seed, keep=keep)
        self.labels: list[str] = target.labels()
        self.confusion, self.worst = Confusion(self.labels), Worst(keep)

    def states(self) -> tuple[type[State], ...]:
        return (Counts, Reliability, Ranking) if len(self.labels) <= MAX_CURVES else (Counts, Reliability)

    def update(self, scores: np.ndarray, targets: np.ndarray, rows: np.ndarray, /) -> None:
        answers_B = scores.argmax(1)
        self.confusion.update(targets, answers_B)
        wrong = np.flatnonzero(answers_B != targets)
        pairs = ((self.labels[t], self.labels[a]) for t, a in zip(targets[wrong], answers_B[wrong], strict=True))
        self.worst.update(scores[wrong].max(1, initial=0.0), rows[wrong], pairs)

    def told(self, running: Running) -> dict[str, Any]:
        reliability = running.state(Reliability)
        drawn = curves(running.state(Ranking), self.labels) if len(self.labels) <= MAX_CURVES else {}
        return {
            "per_class": per_class(running.state(Counts), self.labels),
            "confusion": self.confusion.told(),
            "calibration": {"bins": reliability.bins(), "error": float(reliability.error()[0])},
            "mistakes": self.worst.told(),
            "curves": drawn,
        }

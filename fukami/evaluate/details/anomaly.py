"""Details for anomalies: whether the promised rate of false alarms holds, curves, anomalies that were missed and false alarms.

B examples.
"""

from typing import Any

import numpy as np

from fukami.evaluate.details.contract import Details
from fukami.evaluate.details.tables import Worst, curve
from fukami.metrics.contract import Running, State
from fukami.metrics.states.alarms import Alarms
from fukami.metrics.states.ranking import Ranking

LEVEL = 0.95


class CollectedDetails(Details):
    """The rate of false alarms beside what was to be expected of the threshold, and the surest mistakes of both kinds."""

    def __init__(self, target: Any, *, seed: int = 0, keep: int = 24):
        super().__init__(target, seed=seed, keep=keep)
        self.missed, self.false = Worst(keep // 2), Worst(keep - keep // 2)

    def states(self) -> tuple[type[State], ...]:
        return Alarms, Ranking

    def update(self, scores: np.ndarray, truth: np.ndarray, rows: np.ndarray, /) -> None:
        missed, false = np.flatnonzero((truth == 1) & (scores <= 1)), np.flatnonzero((truth == 0) & (scores > 1))
        self.missed.update(1 - scores[missed], rows[missed], [(True, False)] * len(missed))
        self.false.update(scores[false] - 1, rows[false], [(False, True)] * len(false))

    def told(self, running: Running) -> dict[str, Any]:
        told: dict[str, Any] = {"mistakes": [*self.false.told(), *self.missed.told()]}
        if drawn := curve(running.state(Ranking), 0) if running.state(Ranking).num_columns else {}:
            told["curves"] = drawn
        if promised := self.target.state.get("false_alarms"):
            told["alarms"] = {"promised": promised, **rate(running.state(Alarms), promised)}
        return told


def rate(alarms: Alarms, promised: dict[str, float]) -> dict[str, Any]:
    """Of the judged normal examples the share of alarms with its exact interval (Clopper and Pearson 1934), and whether that
    meets what was promised."""
    from scipy.special import betaincinv

    false, quiet = float(alarms.false_R[0]), float(alarms.quiet_R[0])
    total, tail = false + quiet, (1 - LEVEL) / 2
    if not total:
        return {"seen": None}
    low = float(betaincinv(false, quiet + 1, tail)) if false else 0.0
    high = float(betaincinv(false + 1, quiet, 1 - tail)) if quiet else 1.0
    seen = {"rate": false / total, "low": low, "high": high, "normal": round(total)}
    return {"seen": seen, "held": low <= promised["high"]}

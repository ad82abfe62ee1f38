"""Scores above 1 are alarms: how many are right, of examples of which it is known. B examples, R bootstrap replicates."""

from typing import Any, Self

import numpy as np

from fukami.metrics.contract import State


class Alarms(State):
    """Weighted counts (1 + R,): anomalies `found_R` and `missed_R`, normal examples `false_R` (alarms) and `quiet_R`."""

    def __init__(self, target: Any, replicates: int = 0, *, room: float = 1.0):
        super().__init__(target, replicates, room=room)
        self.found_R, self.missed_R, self.false_R, self.quiet_R = np.zeros((4, 1 + replicates))

    def update(self, answers: np.ndarray, truth: np.ndarray, weights_RB: np.ndarray, /) -> None:
        odd, alarm = truth == 1, answers > 1
        normal = truth == 0
        self.found_R = self.found_R + weights_RB @ (odd & alarm)
        self.missed_R = self.missed_R + weights_RB @ (odd & ~alarm)
        self.false_R = self.false_R + weights_RB @ (normal & alarm)
        self.quiet_R = self.quiet_R + weights_RB @ (normal & ~alarm)

    def merge(self, other: Self) -> None:
        self.found_R, self.missed_R = self.found_R + other.found_R, self.missed_R + other.missed_R
        self.false_R, self.quiet_R = self.false_R + other.false_R, self.quiet_R + other.quiet_R

"""How far a recording is above its errors, in decibels, whatever its loudness: Le Roux et al. 2019, arXiv:1811.02508.

B examples.
"""

from typing import Any

import numpy as np

from fukami.metrics.contract import State

MOST_DB = 60.0
"""Where there is no error at all, or no signal, the ratio is taken to be so many decibels, or as many below 0."""


def si_sdr(found: np.ndarray, clean: np.ndarray) -> float:
    """The scale-invariant ratio of signal to distortion, of as many samples as both have.

    >>> round(si_sdr(np.array([3.0, 3.0]), np.array([1.0, 0.0])), 6), si_sdr(np.array([2.0, 0.0]), np.array([1.0, 0.0]))
    (0.0, 60.0)
    """
    length = min(len(found), len(clean))
    found, clean = np.asarray(found[:length], np.float64), np.asarray(clean[:length], np.float64)
    power = float(clean @ clean)
    signal = clean * (float(found @ clean) / power) if power else 0 * clean
    own, error = float(signal @ signal), float(np.square(found - signal).sum())
    if not own or not error:
        return MOST_DB if own else -MOST_DB
    return float(np.clip(10 * np.log10(own / error), -MOST_DB, MOST_DB))


class Distortion(State):
    """Sums of the ratio of each answer, and of that of what was given."""

    def __init__(self, target: Any, replicates: int = 0, *, room: float = 1.0):
        super().__init__(target, replicates, room=room)
        self.sums_R2, self.weights_R = np.zeros((1 + replicates, 2)), np.zeros(1 + replicates)

    def update(self, answers: Any, truth: Any, weights_RB: np.ndarray, /) -> None:
        pairs = zip(answers["sound"].each(), truth["sound"].each(), strict=True)
        found = [[si_sdr(np.asarray(a[name]), np.asarray(t["sample"])) for name in ("sample", "given")] for a, t in pairs]
        self.sums_R2 += weights_RB @ np.array(found, np.float64).reshape(-1, 2)
        self.weights_R += weights_RB.sum(1)

    def merge(self, other: Any) -> None:
        self.sums_R2 += other.sums_R2
        self.weights_R += other.weights_R

    def means(self) -> np.ndarray:
        """Of answers, and of what was given (1 + R, 2); NaN where nothing was seen."""
        weights_R1 = self.weights_R[:, None]
        return np.divide(self.sums_R2, weights_R1, out=np.full(self.sums_R2.shape, np.nan), where=weights_R1 > 0)

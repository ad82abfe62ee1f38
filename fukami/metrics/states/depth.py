"""Errors of depth, picture by picture: each picture's own figures, whose mean is told, as is usual (Eigen et al. 2014).

B examples, H and W pixels, R replicates.
"""

from typing import Any, Self

import numpy as np

from fukami.metrics.contract import State, ratio

FACTOR = 1.25
NAMES = ("abs_rel", "rmse", "delta1", "log")


class DepthErrors(State):
    """Sums over pictures of their absolute relative error, root mean squared error, share of pixels within a factor of 1.25,
    and root mean squared error of the logarithms."""

    def __init__(self, target: Any, replicates: int = 0, *, room: float = 1.0):
        super().__init__(target, replicates, room=room)
        self.sums_4R, self.pictures_R = np.zeros((len(NAMES), 1 + replicates)), np.zeros(1 + replicates)

    def update(self, answers: np.ndarray, truth: np.ndarray, weights_RB: np.ndarray, /) -> None:
        for b, (answer_HW, truth_HW) in enumerate(zip(answers, truth, strict=True)):
            errors_4 = errors(answer_HW, truth_HW)
            if np.isfinite(errors_4).all():
                self.sums_4R += errors_4[:, None] * weights_RB[:, b]
                self.pictures_R += weights_RB[:, b]

    def merge(self, other: Self) -> None:
        self.sums_4R += other.sums_4R
        self.pictures_R += other.pictures_R

    def mean(self, name: str) -> np.ndarray:
        """(1 + R,)."""
        return ratio(self.sums_4R[NAMES.index(name)], self.pictures_R)


def errors(answer_HW: np.ndarray, truth_HW: np.ndarray) -> np.ndarray:
    """The four of one picture, in the order of `NAMES`; NaN where nothing is known.

    >>> errors(np.array([[1.0, 3.0]]), np.array([[1.0, 2.0]])).round(3).tolist()
    [0.25, 0.707, 0.5, 0.287]
    """
    known_HW = truth_HW > 0
    if not known_HW.any():
        return np.full(len(NAMES), np.nan)
    true, said = truth_HW[known_HW].astype(np.float64), np.maximum(answer_HW[known_HW].astype(np.float64), 1e-12)
    off, factor = said - true, np.maximum(said / true, true / said)
    logs = np.log(said / true)
    squares = np.sqrt(np.square(off).mean()), np.sqrt(np.square(logs).mean())
    return np.array([(np.abs(off) / true).mean(), squares[0], (factor < FACTOR).mean(), squares[1]])

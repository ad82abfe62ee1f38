"""How pictures lie in the space of their features: sums from which means and covariances follow. B examples, D features."""

from typing import Any, Self

import numpy as np

from fukami.fields.picture.features import NUM_FEATURES, features
from fukami.metrics.contract import State


class Clouds(State):
    """Weighted sums of both sides' features: `sums_2RD`, `squares_2RDD`, made ones first, and the weight of all (R)."""

    def __init__(self, target: Any, replicates: int = 0, *, room: float = 1.0):
        super().__init__(target, replicates, room=room)
        self.weight_R = np.zeros(1 + replicates)
        self.sums_2RD = np.zeros((2, 1 + replicates, NUM_FEATURES))
        self.squares_2RDD = np.zeros((2, 1 + replicates, NUM_FEATURES, NUM_FEATURES))

    def update(self, answers: Any, truth: Any, weights_RB: np.ndarray, /) -> None:
        self.weight_R += weights_RB.sum(1)
        for side, pixels in enumerate((answers, truth)):
            features_BD = features(pixels)
            self.sums_2RD[side] += weights_RB @ features_BD
            for number, weights_B in enumerate(weights_RB):
                self.squares_2RDD[side, number] += (features_BD * weights_B[:, None]).T @ features_BD

    def merge(self, other: Self) -> None:
        self.weight_R += other.weight_R
        self.sums_2RD += other.sums_2RD
        self.squares_2RDD += other.squares_2RDD

    def distances(self) -> np.ndarray:
        """(1 + R,): Fréchet distances in units of the true pictures' variance; NaN where they have none."""
        found = np.full(len(self.weight_R), np.nan)
        for number in np.flatnonzero(self.weight_R > 0):
            told = [_gaussian(self.weight_R[number], self.sums_2RD[s, number], self.squares_2RDD[s, number]) for s in (0, 1)]
            found[number] = frechet(*told)
        return found


def _gaussian(weight: float, sum_D: np.ndarray, square_DD: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    mean_D = sum_D / weight
    return mean_D, square_DD / weight - np.outer(mean_D, mean_D)


def gaussian(features_ND: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean (D) and covariance (D, D) of a cloud."""
    return features_ND.mean(0), np.cov(features_ND.T, bias=True)


def frechet(made: tuple[np.ndarray, np.ndarray], true: tuple[np.ndarray, np.ndarray]) -> float:
    """The Fréchet distance of two Gaussians (Dowson and Landau 1982), each a mean and a covariance, divided by the variance of
    the second: 0 where they are the same, about 1 where one is as far as the true pictures are from their mean. NaN where
    these are all alike.

    The trace of the root of a product is the sum of the singular values of a product of roots, which stays exact where the
    covariances have no full rank.

    >>> here, there = (np.zeros(2), np.eye(2)), (np.ones(2), np.eye(2))
    >>> round(frechet(here, there), 9), frechet(there, there)
    (1.0, 0.0)
    """
    (mean_D, cov_DD), (other_D, own_DD) = made, true
    spread = float(np.trace(own_DD))
    if not spread > 1e-9:
        return float("nan")
    between = float(np.linalg.svd(_root(cov_DD).T @ _root(own_DD), compute_uv=False).sum())
    apart = float(((mean_D - other_D) ** 2).sum() + np.trace(cov_DD) + spread - 2 * between)
    return max(0.0, apart) / spread


def _root(cov_DD: np.ndarray) -> np.ndarray:
    """A matrix whose product with its own transpose is the covariance."""
    values_D, vectors_DD = np.linalg.eigh(cov_DD)
    # what is no more than rounding of zero would be far from it as a root
    return vectors_DD * np.sqrt(np.where(values_D > 1e-13 * values_D[-1], values_D, 0))

"""How answers and targets vary together, and every pair of them for what looks at ranks.

B examples, R bootstrap replicates.
"""

from typing import Any, Self

import numpy as np

from fukami.metrics.contract import State, ratio


class Correlation(State):
    """Sums of both, their squares and products, each less a first guess of its mean, which no difference cancels."""

    def __init__(self, target: Any, replicates: int = 0, *, room: float = 1.0):
        super().__init__(target, replicates, room=room)
        self.sums_6R = np.zeros((6, 1 + replicates))
        self.near = float(target.state.get("mean", 0.0))

    def update(self, scores: np.ndarray, targets: np.ndarray, weights_RB: np.ndarray, /) -> None:
        x_B, y_B = (one.astype(np.float64).ravel() - self.near for one in (scores, targets))
        self.sums_6R += np.stack([np.ones_like(x_B), x_B, y_B, x_B * x_B, y_B * y_B, x_B * y_B]) @ weights_RB.T

    def merge(self, other: Self) -> None:
        self.sums_6R += other.sums_6R

    def correlation(self) -> np.ndarray:
        """Pearson's, (1 + R,); NaN where either side is constant."""
        return correlated(*self.sums_6R)


def correlated(
    weight_R: np.ndarray, x_R: np.ndarray, y_R: np.ndarray, xx_R: np.ndarray, yy_R: np.ndarray, xy_R: np.ndarray
) -> np.ndarray:
    """Pearson's correlation from sums. A spread that is nothing but rounding counts as none."""
    x_R, y_R, xx_R, yy_R, xy_R = (ratio(one, weight_R) for one in (x_R, y_R, xx_R, yy_R, xy_R))
    spread_x, spread_y = xx_R - x_R**2, yy_R - y_R**2
    varies = (spread_x > 1e-12 * (xx_R + 1e-300)) & (spread_y > 1e-12 * (yy_R + 1e-300))
    with np.errstate(invalid="ignore", divide="ignore"):
        found_R = (xy_R - x_R * y_R) / np.sqrt(spread_x * spread_y)
    return np.where(varies, np.clip(found_R, -1.0, 1.0), np.nan)

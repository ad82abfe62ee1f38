"""A small decision tree over a single column: the best splits first, as CART grows it (Breiman et al. 1984).

scikit-learn has the same, but its import takes longer than the whole of a check. Gini impurity of classes (each with a column
of `y`) and squared error of numbers are the same figure here: sums of `y`, squared, over counts.

N training examples, M others, K classes (or 1), L leaves.
"""

import heapq

import numpy as np

LEAST_GAIN = 1e-9
"""Of the squared error; what is less is rounding."""


def answers(x_N: np.ndarray, y_NK: np.ndarray, x_M: np.ndarray, *, leaves: int = 64) -> np.ndarray:
    """Mean of `y` in the leaf of each of `x_M`, float64 (M, K), of a tree that was grown on `x_N` and `y_NK`.

    >>> answers(np.array([1.0, 2.0, 8.0, 9.0]), np.array([[0.0], [0.0], [5.0], [7.0]]), np.array([0.0, 4.0, 6.0]), leaves=2)
    array([[0.],
           [0.],
           [6.]])
    """
    order = np.argsort(x_N, kind="stable")
    x_N = x_N[order]
    sums_NK = np.concatenate([np.zeros((1, y_NK.shape[1])), np.cumsum(y_NK[order], axis=0, dtype=np.float64)])
    waiting: list[tuple[float, int, int, int]] = []
    _offer(waiting, x_N, sums_NK, 0, len(x_N))
    cuts = [0, len(x_N)]
    while waiting and len(cuts) <= leaves:
        _gain, start, cut, stop = heapq.heappop(waiting)
        cuts.append(cut)
        _offer(waiting, x_N, sums_NK, start, cut)
        _offer(waiting, x_N, sums_NK, cut, stop)
    bounds_L = np.sort(cuts)
    means_LK = np.diff(sums_NK[bounds_L], axis=0) / np.diff(bounds_L)[:, None]
    inner = bounds_L[1:-1]
    return means_LK[np.searchsorted(x_N[inner - 1] / 2 + x_N[inner] / 2, x_M, side="left")]


def _offer(waiting: list[tuple[float, int, int, int]], x_N: np.ndarray, sums_NK: np.ndarray, start: int, stop: int) -> None:
    """Puts the best cut of the examples from `start` to `stop` on the heap, where there is one."""
    apart = x_N[start + 1 : stop] > x_N[start : stop - 1]
    if not apart.any():
        return
    left_K, right_K = sums_NK[start + 1 : stop] - sums_NK[start], sums_NK[stop] - sums_NK[start + 1 : stop]
    count = np.arange(1, stop - start)
    score = (left_K**2).sum(1) / count + (right_K**2).sum(1) / (stop - start - count)
    score = np.where(apart, score, -np.inf)
    best = int(score.argmax())
    gain = float(score[best] - ((sums_NK[stop] - sums_NK[start]) ** 2).sum() / (stop - start))
    if gain > LEAST_GAIN:
        heapq.heappush(waiting, (-gain, start, start + 1 + best, stop))

"""Examples that belong together: copies, and what is similar from a bound on; of each group the best. N examples, D
dimensions."""

from dataclasses import dataclass

import numpy as np

AT_A_TIME = 1024


@dataclass(frozen=True)
class Joined:
    """Rows that were joined, each with one of the others: how similar they are, and whether they are copies."""

    left: np.ndarray
    right: np.ndarray
    similarity: np.ndarray


def pairs_from(vectors_ND: np.ndarray, bound: float) -> Joined:
    """Every pair whose similarity is `bound` or more."""
    left, right, similarity = [], [], []
    for start in range(0, len(vectors_ND), AT_A_TIME):
        cosine_BN = vectors_ND[start : start + AT_A_TIME] @ vectors_ND.T
        rows, others = np.nonzero(cosine_BN >= bound)
        later = others > rows + start
        left.append(rows[later] + start)
        right.append(others[later])
        similarity.append(cosine_BN[rows[later], others[later]])
    return Joined(*(np.concatenate(part) if part else np.zeros(0, np.int64) for part in (left, right, similarity)))


def connected(count: int, left: np.ndarray, right: np.ndarray) -> list[list[int]]:
    """The groups of two and more of `count` rows that pairs connect, in the order of their first rows.

    >>> connected(5, np.array([0, 3]), np.array([2, 4]))
    [[0, 2], [3, 4]]
    """
    above = list(range(count))

    def top(row: int) -> int:
        while above[row] != row:
            above[row] = above[above[row]]
            row = above[row]
        return row

    for one, other in zip(left.tolist(), right.tolist(), strict=True):
        first, second = sorted((top(one), top(other)))
        above[second] = first
    found: dict[int, list[int]] = {}
    for row in range(count):
        found.setdefault(top(row), []).append(row)
    return [group for group in found.values() if len(group) > 1]

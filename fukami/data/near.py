"""Pairs of fingerprints that differ in few bits, without comparing every one with every other.

If two 64-bit fingerprints differ in at most d bits, then of d + 1 equal bands of bits at least one is the same in both (Manku,
Jain, Das Sarma, "Detecting near-duplicates for web crawling", 2007). So only members of the same bucket of a band are compared.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

MOST_COMPARISONS = 200_000_000
"""Beyond this number the largest buckets are passed over, and the result says so. A second's work."""
_CHUNK = 4_000_000


class Near(NamedTuple):
    """Positions `left` and `right` of near pairs (each pair once), and whether every candidate was compared."""

    left: np.ndarray
    right: np.ndarray
    complete: bool


def near_pairs(left: np.ndarray, right: np.ndarray, *, distance: int) -> Near:
    """Pairs of a fingerprint in `left` (uint64, L) and one in `right` (uint64, R) that differ in at most `distance` bits.

    >>> near_pairs(np.array([0b1011, 7], np.uint64), np.array([0b1001], np.uint64), distance=1)[:2]
    (array([0]), array([0]))
    """
    found, complete, budget = [], True, MOST_COMPARISONS
    edges = np.linspace(0, 64, distance + 2).astype(int)
    for low, high in pairwise(edges.tolist()):
        mask = np.uint64((1 << (high - low)) - 1)
        a, b = ((x >> np.uint64(low)) & mask for x in (left, right))
        pairs, spent, all_compared = _same_band(a, b, left, right, distance, budget)
        budget -= spent
        complete &= all_compared
        found.append(pairs)
    both = np.unique(np.concatenate(found))
    return Near(both // len(right), both % len(right), complete) if len(right) else Near(both, both, complete)


def _same_band(a, b, left, right, distance: int, budget: int) -> tuple[np.ndarray, int, bool]:
    """Near pairs (as `i * len(right) + j`) whose bands are the same; the comparisons spent; whether none was passed over."""
    order = np.argsort(b, kind="stable")
    keys = b[order]
    first, last = np.searchsorted(keys, a, "left"), np.searchsorted(keys, a, "right")
    size = last - first
    by_size = np.argsort(size, kind="stable")  # small buckets first: they say most for the least work
    by_size = by_size[size[by_size] > 0]
    total = np.cumsum(size[by_size])
    within = int(np.searchsorted(total, budget, "right"))
    chosen = by_size[:within]
    out = [np.empty(0, np.int64)]
    start = 0
    while start < len(chosen):
        already = total[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(total[:within], already + _CHUNK, "right")))
        rows = chosen[start:stop]
        counts = size[rows]
        i = np.repeat(rows, counts)
        offsets = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        j = order[np.repeat(first[rows], counts) + offsets]
        near = np.bitwise_count(left[i] ^ right[j]) <= distance
        out.append(i[near] * len(right) + j[near])
        start = stop
    return np.concatenate(out), int(total[within - 1]) if within else 0, within == len(by_size)

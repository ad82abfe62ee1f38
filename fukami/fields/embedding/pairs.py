"""All pairs of examples by how similar they are: of one identity, or of two. What verification is judged by.

Similarities fall into bins, which are finer than float32 tells cosines apart in practice: an area under the ROC curve is off by
no more than half the share of pairs that meet in one bin (some 10⁻⁵). N examples, D dimensions, G bins, R replicates.
"""

import numpy as np

BINS = 1 << 16
CHUNK = 1 << 22
"""Pairs that are looked at together."""


def tallied(vectors_ND: np.ndarray, identity_N: np.ndarray, *, bins: int = BINS) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of one identity and of two, float64 (G) each, by similarity, the most similar first; vectors have length 1."""
    same_G, other_G = np.zeros(bins), np.zeros(bins)
    for start, bin_BN, same_BN in chunks(vectors_ND, identity_N, bins):
        later_BN = np.arange(len(vectors_ND)) > np.arange(start, start + len(bin_BN))[:, None]
        same_G += np.bincount(bin_BN[same_BN & later_BN], minlength=bins)
        other_G += np.bincount(bin_BN[~same_BN & later_BN], minlength=bins)
    return same_G[::-1], other_G[::-1]


def chunks(vectors_ND: np.ndarray, identity_N: np.ndarray, bins: int):
    """`(start, bin_BN, same_BN)`: the bin of the similarity of some examples to all, and whether they are of one identity."""
    count = len(vectors_ND)
    size = max(1, CHUNK // max(count, 1))
    for start in range(0, count, size):
        part = slice(start, start + size)
        cosine_BN = vectors_ND[part] @ vectors_ND.T
        bin_BN = np.clip((cosine_BN + 1) * (bins / 2), 0, bins - 1).astype(np.int32)
        yield start, bin_BN, identity_N[part, None] == identity_N


def rates(same_G: np.ndarray, other_G: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The shares of pairs of one identity and of two that are accepted from each similarity on, beginning with none (G + 1)."""
    return tuple(np.concatenate([[0.0], np.cumsum(one)]) / max(one.sum(), 1e-300) for one in (same_G, other_G))  # type: ignore[return-value]


def equal_error(same_G: np.ndarray, other_G: np.ndarray) -> tuple[float, float]:
    """The rate at which as many of the same are refused as others are accepted, between two steps where no step has it, and the
    similarity from which on pairs are then accepted; NaN where there are no pairs of one kind.

    >>> equal_error(np.array([3.0, 1.0, 0.0, 0.0]), np.array([0.0, 1.0, 1.0, 2.0]))
    (0.125, 0.0)
    """
    if not same_G.sum() or not other_G.sum():
        return np.nan, np.nan
    accepted, false = rates(same_G, other_G)
    missed = 1 - accepted
    step = int(np.argmax(false >= missed))
    gap_before, gap = missed[step - 1] - false[step - 1], false[step] - missed[step]
    share = gap_before / max(gap_before + gap, 1e-300)
    rate = false[step - 1] + share * (false[step] - false[step - 1])
    return float(rate), float(1 - 2 * step / len(same_G))


def accepted_at(same_G: np.ndarray, other_G: np.ndarray, rate: float) -> float:
    """The share of pairs of one identity that is accepted where `rate` of the others are, along the ROC curve.

    >>> accepted_at(np.array([3.0, 1.0]), np.array([0.0, 2.0]), 0.5)
    0.875
    """
    if not same_G.sum() or not other_G.sum():
        return np.nan
    accepted, false = rates(same_G, other_G)
    last = int(np.searchsorted(false, rate, side="right")) - 1
    if last + 1 == len(false):
        return float(accepted[last])
    share = (rate - false[last]) / (false[last + 1] - false[last])
    return float(accepted[last] + share * (accepted[last + 1] - accepted[last]))

"""Intervals for a metric from one pass: the Poisson bootstrap.

Example i counts n times in replicate r, with n drawn from a Poisson distribution of mean 1. The draw is a hash of (seed, i, r),
so it does not matter in which batch, order or process the example is met, and two models judged on the same examples are
drawn alike, which makes their comparison a paired one.

Source: Hanley and MacGibbon 2006; Chamandy et al. 2012 (streams). Different: the interval is moved so that the median of the
replicates is the value itself, since metrics such as the calibration error are larger in every replicate.
"""

from functools import cache

import numpy as np

from fukami.core.seeds import derive

LEVEL = 0.95
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def mix(numbers: np.ndarray) -> np.ndarray:
    """A well-mixed uint64 for each uint64 (the finaliser of SplitMix64, Steele et al. 2014)."""
    z = numbers.astype(np.uint64)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def row_keys(seed: int, rows: np.ndarray, purpose: str) -> np.ndarray:
    """A random-looking uint64 for each row number, the same wherever the row is met."""
    start = np.uint64(derive(seed, purpose))
    return mix(np.asarray(rows).astype(np.uint64) * _GOLDEN + start)


@cache
def _poisson() -> np.ndarray:
    """16 random bits → a draw from Poisson(1), as uint8."""
    terms = np.cumprod(np.concatenate([[np.exp(-1.0)], 1.0 / np.arange(1, 20)]))
    return np.searchsorted(np.cumsum(terms), (np.arange(65536) + 0.5) / 65536, side="right").astype(np.uint8)


def weights(seed: int, rows: np.ndarray, replicates: int) -> np.ndarray:
    """How often each example counts: float64 (1 + R, B), of which row 0 is all ones.

    >>> weights(0, np.array([7, 8]), 3).shape
    (4, 2)
    """
    rows = np.asarray(rows)
    out_RB = np.ones((1 + replicates, len(rows)))
    if replicates:
        blocks = np.arange(-(-replicates // 4), dtype=np.uint64)
        bits = mix(row_keys(seed, rows, "bootstrap")[None, :] + (blocks * _GOLDEN)[:, None])  # 64 bits serve 4 replicates
        quarters = [(bits >> np.uint64(shift)) & np.uint64(0xFFFF) for shift in (0, 16, 32, 48)]
        draws = _poisson()[np.stack(quarters, axis=1).astype(np.intp)]
        out_RB[1:] = draws.reshape(4 * len(blocks), len(rows))[:replicates]
    return out_RB


def interval(
    values: np.ndarray, *, low: float | None = None, high: float | None = None, num_examples: float = 0.0
) -> tuple[float, float]:
    """The 95 % interval of a metric from its value and replicates (1 + R,), kept within `low` and `high`.

    With fewer than 100 replicates it is the normal interval. A bootstrap cannot see beyond a perfect result (30 of 30 right is
    perfect in every replicate): there, the exact binomial limit for `num_examples` stands in (Clopper and Pearson 1934), which
    is right for a proportion and the order of magnitude for other metrics between `low` and `high`.

    >>> low, high = interval(np.ones(201), low=0.0, high=1.0, num_examples=30)
    >>> round(low, 2), high
    (0.88, 1.0)
    """
    value, drawn = float(values[0]), values[1:][np.isfinite(values[1:])]
    if not np.isfinite(value) or len(drawn) < 10:
        return float("nan"), float("nan")
    tail = (1 - LEVEL) / 2
    if len(drawn) >= 100:
        below, middle, above = np.quantile(drawn, [tail, 0.5, 1 - tail])
        ends = value + below - middle, value + above - middle
    else:
        reach = 1.959964 * float(drawn.std(ddof=1))
        ends = value - reach, value + reach
    if low is not None and high is not None and num_examples > 0 and np.all(drawn == value):
        reach = (high - low) * (1 - tail ** (1 / num_examples))
        ends = (value - reach, value) if value == high else (value, value + reach) if value == low else ends
    return float(np.clip(ends[0], low, value)), float(np.clip(ends[1], value, high))

"""From which score on something is called an anomaly: chosen on normal examples that were kept aside, for a stated share of
false alarms.

Of n scores of normal examples the r-th smallest is taken. Whatever their distribution, the share of further normal examples
above it then follows a beta distribution of n + 1 - r and r (the order statistics of uniform numbers: Vovk 2012, "Conditional
validity of inductive conformal predictors"), which gives the rate that can be promised and its interval.
"""

import math
from typing import Any

import numpy as np

LEVEL = 0.95


def settled(scores_N: np.ndarray, rate: float) -> dict[str, Any]:
    """The threshold for a share `rate` of false alarms, and what can be said of it: the share to be `expected`, never more than
    was asked for unless there are too few examples, and within which bounds (`low`, `high`) it lies with 95 %.

    >>> told = settled(np.arange(1.0, 200.0), 0.05)
    >>> told["threshold"], told["false_alarms"]["expected"], told["false_alarms"]["normal"]
    (190.0, 0.05, 199)
    >>> settled(np.array([3.0, 1.0]), 0.05)["false_alarms"]["expected"]
    0.333333
    """
    from scipy.special import betaincinv

    ordered, count = np.sort(scores_N.astype(np.float64)), len(scores_N)
    rank = min(count, math.ceil((count + 1) * (1 - rate) - 1e-9))
    above = count + 1 - rank
    low, high = betaincinv(above, rank, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    told = {"asked": rate, "expected": above / (count + 1), "low": float(low), "high": float(high)}
    rounded = {name: round(value, 6) for name, value in told.items()}
    return {"threshold": max(float(ordered[rank - 1]), 1e-30), "false_alarms": {**rounded, "normal": count}}

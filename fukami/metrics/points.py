"""Points: the unit in which two values of a metric are compared, whatever the metric.

A point is a hundredth of a metric whose best value is 1, else a percent of its first value. So one limit serves accuracies and
errors in thousands of dollars.
"""

import math

from fukami.core.cards import card
from fukami.core.language import _


def points_lost(metric: str, before: float, after: float) -> float:
    """Points by which `after` is worse than `before`; negative where it is better, infinite where it is no number.

    >>> round(points_lost("accuracy", 0.92, 0.915), 3), round(points_lost("rmse", 10.0, 9.8), 3)
    (0.5, -2.0)
    """
    known = card("metrics", metric)
    worse = before - after if known.higher_is_better else after - before
    if math.isnan(worse):
        return math.inf
    scale = 1.0 if known.high == 1 else abs(before)
    return 100 * worse / scale if scale else math.copysign(math.inf, worse) if worse else 0.0


def points_apart(metric: str, left: float | None, right: float | None) -> float:
    """How many points two values are apart: none where both have no meaning (None), infinitely many where one has.

    >>> points_apart("accuracy", 0.91, 0.9105) < 0.1 < points_apart("rmse", 10.0, 10.02), points_apart("roc_auc", None, None)
    (True, 0.0)
    """
    if left is None or right is None:
        return 0.0 if left is right else math.inf
    return abs(points_lost(metric, left, right))


def told(points: float | None) -> str:
    """Points lost in words; None, as JSON has it, where a value was no number.

    >>> told(0.25), told(-1.333), told(0.0), told(math.inf)
    ('0.25 points lost', '1.33 points gained', 'nothing lost', 'no number')
    """
    if points is None or not math.isfinite(points):
        return _("no number")
    if round(points, 2) == 0:
        return _("nothing lost")
    return (
        _("{points} points lost").format(points=f"{points:.2f}")
        if points > 0
        else _("{points} points gained").format(points=f"{-points:.2f}")
    )

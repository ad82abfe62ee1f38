"""Ratios in percent, written alike wherever people read them: in the report, in problems, in findings.

>>> percent(0.9872), percent(0.99987)
('98.7\\xa0%', '99.99\\xa0%')
"""

import math

SPACE = "\u00a0"
"""Keeps a figure and its sign on one line."""
MOST_DIGITS = 4


def percent(value: float, *, digits: int = 1) -> str:
    """A ratio in percent. More digits than asked for where rounding would claim perfection.

    >>> percent(1.0), percent(0.9999), percent(0.00012), percent(1e-9)
    ('100\\xa0%', '99.99\\xa0%', '0.01\\xa0%', '<\\xa00.0001\\xa0%')
    """
    if value in (0.0, 1.0):
        return f"{value * 100:.0f}{SPACE}%"
    if 0 < value * 100 < 0.5 * 10**-MOST_DIGITS:
        return f"<{SPACE}{10**-MOST_DIGITS:.{MOST_DIGITS}f}{SPACE}%"
    return f"{_cautious(value, digits):,.{max(digits, _digits(value, digits))}f}{SPACE}%"


def _digits(value: float, digits: int) -> int:
    """Decimals needed so that a percentage short of 0 or 100 does not read 0.0 or 100.0."""
    while digits < MOST_DIGITS and f"{value * 100:.{digits}f}" in (f"{0:.{digits}f}", f"{100:.{digits}f}"):
        digits += 1
    return digits


def _cautious(value: float, digits: int) -> float:
    """The percentage, cut rather than rounded where rounding would still reach 100."""
    places = _digits(value, digits)
    if 0 < value < 1 and f"{value * 100:.{places}f}" == f"{100:.{places}f}":
        return math.floor(value * 100 * 10**places) / 10**places
    return value * 100

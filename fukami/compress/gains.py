"""What a compression won, in size and in time, and what it did not: told from the figures of both sides."""

from collections.abc import Mapping, Sequence
from typing import Any

from fukami.core.language import _

LEAST = 1.05
"""Times smaller or faster from which anything counts as won: less lies within what the same model varies by."""


def gains(sizes: Mapping[str, int], latency: Sequence[Mapping[str, Any]]) -> dict[str, list[float]]:
    """How many times smaller and faster it became: the least and the most of what was measured.

    >>> times = [{"before_ms": {"median": 3.0}, "after_ms": {"median": after}} for after in (1.0, 6.0)]
    >>> gains({"before": 800, "after": 200}, times)
    {'size': [4.0, 4.0], 'time': [0.5, 3.0]}
    """
    size = round(sizes["before"] / max(sizes["after"], 1), 2)
    ratios = [line["before_ms"]["median"] / line["after_ms"]["median"] for line in latency if line["after_ms"]["median"]]
    return {"size": [size, size], "time": [round(min(ratios), 2), round(max(ratios), 2)] if ratios else []}


def won(found: Mapping[str, Sequence[float]]) -> str:
    """What was won, and what was not, in words.

    >>> won({"size": [3.9, 3.9], "time": [0.63, 1.0]})
    'size (3.9× smaller); not time (0.6× to 1.0× as fast)'
    """
    words = []
    for name, yes, no in (
        ("size", _("size ({times} smaller)"), _("not size ({times} smaller)")),
        ("time", _("time ({times} as fast)"), _("not time ({times} as fast)")),
    ):
        if found[name]:
            words.append((yes if found[name][1] >= LEAST else no).format(times=_range(*found[name])))
    return "; ".join(words)


def note(found: Mapping[str, Sequence[float]], *, same: bool = False) -> str:
    """What ought to be known of a compression that is not faster everywhere; empty of one that is.

    `same` where a budget was met by nothing better than the run as it is.

    >>> note({"size": [3.9, 3.9], "time": [1.4, 2.0]})
    ''
    """
    if same:
        return _("The run meets the budget as it is, and no form that was tried is better: what was written is a copy of it.")
    if not found["time"] or found["time"][0] >= LEAST:
        return ""
    if found["time"][1] >= LEAST:
        return _("It is faster with some batches and threads only: see the times below.")
    return _("It is not faster on this machine. For speed, let a smaller model learn from it: --distill.")


def _range(least: float, most: float) -> str:
    low, high = f"{least:.1f}×", f"{most:.1f}×"
    return low if low == high else _("{low} to {high}").format(low=low, high=high)

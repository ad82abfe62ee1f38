"""What a budget asks for: conditions such as `latency<=10ms,size<=5MB,accuracy-drop<=1`.

latency       milliseconds for one example, with all threads (the median)
size          bytes of the file of weights
METRIC-drop   points of a metric that are lost: hundredths where its best value is 1, else percent of its value before
"""

import re
from dataclasses import dataclass

from fukami.core.cards import cards
from fukami.core.errors import UsageError, unknown
from fukami.core.language import _

_UNITS = {
    "latency": {"ms": 1.0, "s": 1000.0, "us": 0.001, "µs": 0.001, "": 1.0},
    "size": {"MB": 1e6, "kB": 1e3, "KB": 1e3, "GB": 1e9, "MiB": 2.0**20, "KiB": 2.0**10, "B": 1.0, "": 1.0},
    "drop": {"": 1.0, "%": 1.0},
}
_FORM = re.compile(r"^\s*([A-Za-z0-9_-]+?)\s*(<=|<|≤)\s*([0-9.]+)\s*([A-Za-zµ%]*)\s*$")


@dataclass(frozen=True)
class Wish:
    """One condition: `what` is latency, size or the name of a metric whose drop is meant; `most` in ms, bytes or points.

    >>> wishes("latency<=10ms, size<=5MB, accuracy-drop<=1")[1:]
    (Wish(what='size', most=5000000.0, text='size<=5MB'), Wish(what='accuracy', most=1.0, text='accuracy-drop<=1'))
    """

    what: str
    most: float
    text: str

    @property
    def is_drop(self) -> bool:
        return self.what not in ("latency", "size")


def wishes(text: str) -> tuple[Wish, ...]:
    """The conditions of a budget. Raises `UsageError` F-BUDGET-FORM for what cannot be read, F-METRIC-NAME for a metric."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts:
        raise _unreadable(text)
    return tuple(_wish(part) for part in parts)


def _wish(part: str) -> Wish:
    found = _FORM.match(part)
    if found is None:
        raise _unreadable(part)
    name, _sign, number, unit = found.groups()
    kind = name if name in ("latency", "size") else "drop"
    if kind == "drop" and not name.endswith("-drop"):
        raise _unreadable(part)
    metric = name.removesuffix("-drop")
    if kind == "drop" and metric not in cards("metrics"):
        raise unknown(_("metric"), metric, cards("metrics"), code="F-METRIC-NAME")
    try:
        return Wish(metric, float(number) * _UNITS[kind][unit], part)
    except (KeyError, ValueError):
        raise _unreadable(part) from None


def _unreadable(part: str) -> UsageError:
    return UsageError(
        "F-BUDGET-FORM",
        _("a budget is a list of conditions"),
        expected="latency<=10ms | size<=5MB | accuracy-drop<=1",
        got=part,
        fix='--budget "latency<=10ms,accuracy-drop<=1"',
    )

"""What a budget asks for: conditions such as `latency<=10ms,size<=5MB,accuracy-drop<=1`.

latency       time for one example, with all threads (the median): us, ms or s
size          the file of weights: B, kB, MB, GB, or KiB, MiB, GiB
METRIC-drop   points of a metric that are lost: hundredths where its best value is 1, else percent of its value before

A limit has its unit, except for points, and is met by what equals it. What an input method for Japanese types counts as well:
full-width letters and digits, ≦ and 、.
"""

import math
import re
import unicodedata
from dataclasses import dataclass

from fukami.core.cards import cards
from fukami.core.errors import UsageError, unknown
from fukami.core.language import _

_UNITS = {
    "latency": {"us": 0.001, "ms": 1.0, "s": 1000.0},
    "size": {"B": 1.0, "kB": 1e3, "MB": 1e6, "GB": 1e9, "KiB": 2.0**10, "MiB": 2.0**20, "GiB": 2.0**30},
    "drop": {"": 1.0, "%": 1.0},
}
"""Kind of condition → unit → how many milliseconds, bytes or points it is. Case is not looked at."""
_USUAL = {"latency": "ms", "size": "MB", "drop": ""}
"""The unit that is proposed where none was typed."""
_FORM = re.compile(r"([a-z0-9_-]+?)\s*(<=|=<|[<≤≦⩽])\s*(\d+\.?\d*|\.\d+)\s*([a-z%]*)")
_OTHER_SIGNS = str.maketrans({"、": ",", "μ": "u"})


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
    """The conditions of a budget.

    Raises:
        UsageError: F-BUDGET-FORM for what cannot be read, F-BUDGET-STRICT for `<`, F-BUDGET-UNIT for a limit without a unit,
            F-METRIC-NAME for a metric that there is not.
    """
    plain = unicodedata.normalize("NFKC", text).translate(_OTHER_SIGNS)
    parts = [part.strip() for part in plain.split(",") if part.strip()]
    if not parts:
        raise _unreadable(text)
    return tuple(_wish(part) for part in parts)


def _wish(part: str) -> Wish:
    found = _FORM.fullmatch(part.lower())
    if found is None:
        raise _unreadable(part)
    name, sign, number, unit = found.groups()
    metric = name.removesuffix("-drop")
    kind = "drop" if metric != name else name
    if kind not in _UNITS or (kind == "drop" and metric in ("", "drop")):
        raise _unreadable(part)
    if sign == "<":
        raise UsageError(
            "F-BUDGET-STRICT",
            _("a condition is met by its limit too, so it is written with <="),
            expected=f"{name}<={number}{unit}",
            got=part,
            fix=f'--budget "{name}<={number}{unit}"',
        )
    factor = {name.lower(): factor for name, factor in _UNITS[kind].items()}.get(unit)
    if factor is None:
        raise _no_unit(part, name, number, kind)
    if kind == "drop" and metric not in cards("metrics"):
        raise unknown(_("metric"), metric, cards("metrics"), code="F-METRIC-NAME")
    most = float(number) * factor
    if not math.isfinite(most) or (most == 0 and kind != "drop"):  # nothing takes no time or no room
        raise _unreadable(part)
    return Wish(metric, most, part)


def _no_unit(part: str, name: str, number: str, kind: str) -> UsageError:
    return UsageError(
        "F-BUDGET-UNIT",
        _("a limit needs a unit that it can be measured in") if kind != "drop" else _("a drop is counted in points"),
        expected=" | ".join(f"{name}<={number}{unit}" for unit in _UNITS[kind]),
        got=part,
        fix=f'--budget "{name}<={number}{_USUAL[kind]}"',
    )


def _unreadable(part: str) -> UsageError:
    return UsageError(
        "F-BUDGET-FORM",
        _("a budget is a list of conditions"),
        expected="latency<=10ms | size<=5MB | accuracy-drop<=1",
        got=part[:60],
        fix='--budget "latency<=10ms,accuracy-drop<=1"',
    )

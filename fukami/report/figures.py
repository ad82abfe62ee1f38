"""How figures are written: ratios in percent, values of the target with four significant digits, everything else plain.

What a figure is follows from its metric's card, never from a table of names here.

>>> percent(0.9872), percent(0.99987), significant(206855.8)
('98.7\\xa0%', '99.99\\xa0%', '206,900')
"""

import math
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from fukami.core.cards import BaselineCard, MetricCard, cards
from fukami.core.language import _
from fukami.core.percent import SPACE, percent
from fukami.report.svg import element


@dataclass(frozen=True)
class Figure:
    """A value with its interval, where there is one."""

    value: float
    low: float | None = None
    high: float | None = None

    @property
    def has_interval(self) -> bool:
        return self.low is not None and self.high is not None


def figure(told: Any) -> Figure | None:
    """A figure from a number or from `{"value", "low", "high"}`; None where there is no finite value."""
    parts = told if isinstance(told, dict) else {"value": told}
    value, low, high = (_finite(parts.get(key)) for key in ("value", "low", "high"))
    return None if value is None else Figure(value, low, high)


def _finite(value: Any) -> float | None:
    usable = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if usable else None


def metric_card(name: str) -> MetricCard | None:
    """The card of a metric, or None for a metric that Fukami does not know (a function of the user's, say)."""
    return cards("metrics").get(name)


def is_ratio(name: str) -> bool:
    """Whether the metric is a share from 0 to 1, which people read best in percent."""
    card = metric_card(name)
    return card is not None and not card.unit and card.low == 0 and card.high == 1


def significant(value: float, *, digits: int = 4) -> str:
    """A number with `digits` significant digits, with thousands apart.

    >>> significant(0.00123456), significant(12), significant(-1234567), significant(2.5e-9)
    ('0.001235', '12', '-1,235,000', '2.5e-09')
    """
    if value == 0:
        return "0"
    rounded = float(f"{value:.{digits}g}")
    exponent = math.floor(math.log10(abs(rounded)))
    if not -5 <= exponent < 12:
        return f"{rounded:g}"
    places = max(0, digits - 1 - exponent)
    shown = f"{rounded:,.{places}f}"
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def shown(name: str, value: float, *, digits: int | None = None) -> str:
    """The value of metric `name` as people read it. `digits` are the decimals of a percentage."""
    if is_ratio(name):
        return percent(value, digits=1 if digits is None else digits)
    card = metric_card(name)
    return significant(value) if card is not None and card.unit.startswith("target") else plain(value)


def plain(value: float) -> str:
    """A number without unit: three decimals, or four significant digits where it is small or large.

    >>> plain(0.81234), plain(0.0001234), plain(1234.5)
    ('0.812', '0.0001234', '1,234')
    """
    return f"{value:.3f}" if 0.01 <= abs(value) < 100 else significant(value)


def digits_of(told: Figure) -> int:
    """Decimals of a percentage that its interval can bear: two where the interval is narrower than half a percent."""
    return 2 if told.low is not None and told.high is not None and told.high - told.low < 0.005 else 1


def shown_range(name: str, told: Figure) -> str:
    """The interval as `97.2–99.4 %`, or nothing."""
    if told.low is None or told.high is None:
        return ""
    digits = digits_of(told)
    low, high = (shown(name, value, digits=digits) for value in (told.low, told.high))
    sign = f"{SPACE}%"
    if low.endswith(sign) and high.endswith(sign):
        return f"{low.removesuffix(sign)}–{high}"
    return f"{low} … {high}" if low.startswith("-") or high.startswith("-") else f"{low}–{high}"


def data(name: str, told: Figure) -> Markup:
    """The figure for the page, with the exact value for programs: `<data value="0.98722">98.7 %</data>`."""
    return element("data", shown(name, told.value, digits=digits_of(told)), value=repr(told.value))


def count(value: float) -> str:
    """How many, with thousands apart."""
    return f"{int(value):,}"


def paragraph(sentences: list[str]) -> str:
    """Sentences one after the other; no space after a Japanese full stop.

    >>> paragraph(["One.", "Two."]), paragraph(["一。", "二。"])
    ('One. Two.', '一。二。')
    """
    return "".join(s if s.endswith("。") else f"{s} " for s in sentences).rstrip()


def label(name: str) -> str:
    """What people call a metric, in the language of the page; a metric of the user's own by its name.

    >>> label("roc_auc"), label("my_measure")
    ('ROC-AUC', 'my_measure')
    """
    card = metric_card(name)
    return _(card.label) if card is not None and card.label else name


def meaning(name: str) -> str:
    """What the metric says, in one sentence of its card; nothing where it has none."""
    card = metric_card(name)
    return _(card.summary) if card is not None else ""


def baseline_label(name: str) -> str:
    """What a baseline is called: the summary of its card, or its name."""
    card = cards("evaluate/baselines").get(name)
    return _(card.summary) if card is not None else name.replace("_", " ").replace("-", " ")


def is_bound(name: str) -> bool:
    """Whether a baseline is the best that there can be, which no model has to beat.

    >>> is_bound("majority")
    False
    """
    card = cards("evaluate/baselines").get(name)
    return isinstance(card, BaselineCard) and card.bound

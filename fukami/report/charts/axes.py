"""Scales, round ticks and the frame that charts share.

>>> ticks(0, 1)
[0.0, 0.25, 0.5, 0.75, 1.0]
>>> ticks(0.3, 87)
[20, 40, 60, 80]
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from fukami.core.percent import SPACE
from fukami.report.figures import significant
from fukami.report.svg import element, join, number, text_width

Label = Callable[[float], str]


def ticks(low: float, high: float, *, most: int = 5) -> list[float]:
    """Round values in [low, high], at most `most`, whose step is 1, 2, 2.5 or 5 times a power of ten."""
    if not high > low:
        return [low]
    power = 10.0 ** math.floor(math.log10((high - low) / most))
    for factor in (1, 2, 2.5, 5, 10, 20):
        step = power * factor
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first + 1 <= most:
            return [float(f"{i * step:.12g}") if step < 1 or factor == 2.5 else int(i * step) for i in range(first, last + 1)]
    return [low, high]


def log_ticks(low: float, high: float) -> list[float]:
    """Powers of ten in [low, high]; with 2 and 5 between them where there are few."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for factors in ((1,), (1, 3), (1, 2, 5)):
        found = [f * 10.0**p for p in powers for f in factors if low * 0.999 <= f * 10.0**p <= high * 1.001]
        if len(found) >= 3:
            break
    return found[:: max(1, math.ceil(len(found) / 6))]


@dataclass(frozen=True)
class Scale:
    """Maps values [low, high] to coordinates [start, end]; logarithmic where asked for."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        low, high = self.low, self.high
        if self.log:
            value, low, high = math.log10(max(value, low)), math.log10(low), math.log10(high)
        share = (value - low) / (high - low) if high > low else 0.5
        return self.start + min(max(share, -0.02), 1.02) * (self.end - self.start)

    def ticks(self, most: int = 5) -> list[float]:
        return log_ticks(self.low, self.high) if self.log else ticks(self.low, self.high, most=most)


def span(
    values: Sequence[float], *, low: float | None = None, high: float | None = None, pad: float = 0.05
) -> tuple[float, float]:
    """An axis's range: all finite `values` with a little room, or exactly `low` and `high` where given. Never empty."""
    usable = [v for v in values if math.isfinite(v)] or [0.0, 1.0]
    least, most = min(usable), max(usable)
    room = (most - least) * pad or abs(most) * pad or 0.5
    return (least - room if low is None else low, most + room if high is None else high)


def percent_label(value: float) -> str:
    """
    >>> percent_label(0.975)
    '97.5\\xa0%'
    """
    return f"{value * 100:.6g}{SPACE}%"


def number_label(value: float) -> str:
    """
    >>> number_label(50000), number_label(1e6), number_label(0.0025)
    ('50k', '1M', '0.0025')
    """
    for size, sign in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= size:
            unit = 1e3 if sign == "k" else size
            return f"{significant(value / unit)}{sign}"
    return significant(value)


@dataclass(frozen=True)
class Frame:
    """The plotting area: two scales, and how their ticks are written. `x` runs right, `y` runs up."""

    x: Scale
    y: Scale
    x_label: Label = number_label
    y_label: Label = number_label
    x_title: str = ""
    y_title: str = ""

    def draw(self, *, x_most: int = 6, y_most: int = 5) -> Markup:
        """Grid lines, tick labels and axis titles."""
        left, right, bottom = self.x.start, self.x.end, self.y.start
        parts: list[Markup] = []
        for value in self.y.ticks(y_most):
            y = self.y(value)
            parts.append(element("line", x1=left, x2=right, y1=y, y2=y, class_="grid"))
            parts.append(element("text", self.y_label(value), x=left - 6, y=y + 3.8, class_="tick end"))
        for value in self.x.ticks(x_most):
            x = self.x(value)
            parts.append(element("line", x1=x, x2=x, y1=bottom, y2=bottom + 4, class_="axis"))
            parts.append(element("text", self.x_label(value), x=x, y=bottom + 16, class_="tick middle"))
        parts.append(element("line", x1=left, x2=right, y1=bottom, y2=bottom, class_="axis"))
        if self.x_title:
            parts.append(element("text", self.x_title, x=right, y=bottom + 32, class_="name end"))
        if self.y_title:
            parts.append(element("text", self.y_title, x=2, y=11, class_="name"))
        return join(parts)


def left_margin(values: Sequence[float], label: Label) -> float:
    """Room for the widest tick label."""
    return max((text_width(label(v)) for v in values), default=20.0) + 12


def polyline(points: Sequence[tuple[float, float]], class_: str) -> Markup:
    """A line through coordinates."""
    path = " ".join(f"{number(x)},{number(y)}" for x, y in points)
    return element("polyline", points=path, class_=class_)

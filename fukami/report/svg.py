"""Small, safe SVG and HTML: elements, escaped text, and how wide a text will be.

Charts are drawn in a box about 400 units wide, which is the width of a phone; text of 11 units is then readable there, and
grows a little on a desk. Colours come from the page's CSS variables through classes: one drawing serves light, dark and print.

>>> element("text", "a < b", x=1.50, class_="tick")
Markup('<text x="1.5" class="tick">a &lt; b</text>')
"""

import math
import re
import unicodedata
from collections.abc import Iterable

from markupsafe import Markup, escape

WIDTH = 400.0
"""Units of a chart's width: one unit is about one pixel on a phone."""

_UNSAFE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def clean(text: str) -> str:
    """`text` without what neither XML nor UTF-8 can hold; such characters become U+FFFD.

    >>> clean("cat\\x00")
    'cat\ufffd'
    """
    return _UNSAFE.sub("\ufffd", text)


def number(value: float) -> str:
    """A coordinate with at most two decimals. Raises ValueError where it is not finite.

    >>> number(12.0), number(3.14159)
    ('12', '3.14')
    """
    if not math.isfinite(value):
        raise ValueError(f"a coordinate is finite, not {value}")
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def element(name: str, *children: object, **attributes: object) -> Markup:
    """One element. `class_` becomes `class`, `stroke_width` becomes `stroke-width`; None leaves the attribute out."""
    told = []
    for key, value in attributes.items():
        if value is None:
            continue
        shown = number(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else clean(str(value))
        told.append(f' {key.rstrip("_").replace("_", "-")}="{escape(shown)}"')
    inside = join(children)
    opening = f"<{name}{''.join(told)}"
    return Markup(f"{opening}>{inside}</{name}>" if inside else f"{opening}/>")


def join(parts: Iterable[object]) -> Markup:
    """Markup as it is, everything else escaped."""
    return Markup("").join(part if isinstance(part, Markup) else escape(clean(str(part))) for part in parts)


def drawing(*children: object, title: str, height: float, width: float = WIDTH, class_: str = "") -> Markup:
    """A whole chart that fills the width it is given. `title` is what a screen reader says."""
    head = element("title", title)
    box = f"0 0 {number(width)} {number(height)}"
    return element("svg", head, *children, viewBox=box, role="img", aria_label=title, class_=f"chart {class_}".strip())


def columns(text: str) -> int:
    """Width of `text` in half-width columns: Japanese characters take two.

    >>> columns("cat"), columns("深み")
    (3, 4)
    """
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else not unicodedata.combining(c) for c in text)


def text_width(text: str, size: float = 11.0) -> float:
    """About how wide `text` is drawn at `size` units."""
    return columns(text) * size * 0.56


def shortened(text: str, most: int) -> str:
    """At most `most` columns of `text`, its middle left out: both ends tell classes and files apart.

    >>> shortened("holiday-photographs-2024.jpg", 13)
    'holida…24.jpg'
    """
    if columns(text) <= most:
        return text
    head, tail = text, text
    while head and columns(head) > most // 2:
        head = head[:-1]
    while tail and columns(tail) > most - columns(head) - 1:
        tail = tail[1:]
    return f"{head}…{tail}"

"""The confusion matrix as a heat map: right answers blue on the diagonal, mistakes orange, both by share of the row."""

import math
from collections.abc import Sequence

from markupsafe import Markup

from fukami.core.percent import percent
from fukami.report.svg import WIDTH, columns, drawing, element, join, shortened, text_width

FITS = 12
"""Up to this many classes the map fits a phone with readable counts; more are drawn wider and scroll in their own box."""
MOST = 30
PALE, STRONG = 0.5, 0.85
"""Colours are at most this pale, or at least this strong."""


def compact(count: int) -> str:
    """A count in at most four characters.

    >>> compact(0), compact(812), compact(12345), compact(1_500_000)
    ('', '812', '12k', '1.5M')
    """
    if count < 1000:
        return str(count) if count else ""
    size, sign = (1e6, "M") if count >= 999_500 else (1e3, "k")
    return f"{count / size:.0f}{sign}" if count / size >= 9.95 else f"{count / size:.1f}{sign}".replace(".0", "")


def matrix(
    labels: Sequence[str], counts: Sequence[Sequence[int]], *, title: str, truth: str, answer: str, cell_title: str
) -> Markup:
    """K classes (at most 30): rows are the truth, columns the answers.

    `truth` and `answer` name the axes; `cell_title` is a pattern with `{truth}`, `{answer}`, `{count}` and `{share}`.
    """
    num = len(labels)
    side = min(96.0 if num <= FITS else 150.0, max((text_width(label) for label in labels), default=0) + 10)
    room = int((side - 8) / (11 * 0.56))
    cell = (WIDTH - side - 16) / num if num <= FITS else 24.0
    cell = min(cell, 44.0)
    flat = all(text_width(label) <= cell - 2 for label in labels)
    head = 34.0 if flat else 22.0 + side
    left = side + 16
    parts: list[Markup] = [
        element("text", answer, x=left, y=11, class_="name"),
        element("text", truth, x=0, y=0, transform=f"translate(10 {head + cell * num:.1f}) rotate(-90)", class_="name"),
    ]
    for i, label in enumerate(labels):
        name, middle = shortened(label, room), head + (i + 0.5) * cell
        parts.append(element("text", name, x=left - 6, y=middle + 4, class_="tick end"))
        x = left + (i + 0.5) * cell
        if flat:
            parts.append(element("text", name, x=x, y=head - 7, class_="tick middle"))
        else:
            parts.append(element("text", name, transform=f"translate({x + 4:.1f} {head - 6:.1f}) rotate(-90)", class_="tick"))
    for i, row in enumerate(counts):
        total = sum(row)
        for j, count in enumerate(row):
            share = count / total if total else 0.0
            said = cell_title.format(truth=labels[i], answer=labels[j], count=f"{count:,}", share=percent(share))
            parts.append(_cell(left + j * cell, head + i * cell, cell, int(count), share, i == j, said))
    width = left + cell * num + 2
    return drawing(
        join(parts), title=title, height=head + cell * num + 2, width=max(width, WIDTH), class_="" if num <= FITS else "wide"
    )


def strength(share: float) -> float:
    """How strongly a cell is coloured. Its square root lets rare mistakes be seen. The middle tones, on which neither light nor
    dark figures are easy to read, are left out: above half of the row a cell is strong.

    >>> strength(0.0), strength(0.125), strength(0.5), strength(1.0)
    (0.0, 0.25, 0.5, 1.0)
    """
    return round(PALE * math.sqrt(2 * share) if share <= 0.5 else STRONG + (1 - STRONG) * (2 * share - 1), 2)


def _cell(x: float, y: float, size: float, count: int, share: float, right: bool, said: str) -> Markup:
    """One square with its count and what it means; an empty one has no title, to keep files small."""
    tone = strength(share)
    kind = "hit" if right else "miss"
    box = element("rect", x=x + 0.5, y=y + 0.5, width=size - 1, height=size - 1, rx=min(2.0, size / 10), class_="empty")
    if not count:
        return box
    tint = element(
        "rect",
        x=x + 0.5,
        y=y + 0.5,
        width=size - 1,
        height=size - 1,
        rx=min(2.0, size / 10),
        class_=kind,
        fill_opacity=tone,
    )
    text = compact(count)
    letters = min(12.0, size * 0.42, (size - 2) / (max(columns(text), 1) * 0.58))
    ink = "cell over" if tone > PALE else "cell"
    shown = element("text", text, x=x + size / 2, y=y + size / 2 + letters * 0.36, class_=ink)
    return element("g", element("title", said), box, tint, shown, font_size=letters)

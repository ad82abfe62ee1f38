"""What verbs print for people: headings, facts, tables and commands, as wide as the terminal, bold where it can be.

>>> import io
>>> screen = Screen(io.StringIO(), columns=40)
>>> screen.table(("name", "size"), [("lenet", "44 k"), ("vit", "5.5 M")]); print(screen.stream.getvalue())
name   size
lenet  44 k
vit    5.5 M
<BLANKLINE>
"""

import os
import shutil
from collections.abc import Iterable, Sequence
from typing import Any, TextIO

from fukami.cli._text import pad, width, wrap

_STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "blue": "34"}
_GAP = "  "


class Screen:
    """A stream and how wide it is. `columns` and `colour` are found out from the stream where they are None."""

    def __init__(self, stream: TextIO, *, columns: int | None = None, colour: bool | None = None):
        self.stream = stream
        terminal = bool(getattr(stream, "isatty", lambda: False)())
        # A pipe has no width: what is written there keeps one table row on one line, for grep and cut.
        self.columns = columns or (min(120, shutil.get_terminal_size((100, 24)).columns) if terminal else 10_000)
        wanted = terminal and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
        self.colour = wanted if colour is None else colour

    def style(self, text: str, *styles: str) -> str:
        """`text` in bold, dim or a colour, where the stream can show it."""
        if not self.colour or not styles or not text:
            return text
        return f"\x1b[{';'.join(_STYLES[s] for s in styles)}m{text}\x1b[0m"

    def line(self, text: str = "", *styles: str, indent: int = 0) -> None:
        """One paragraph, wrapped."""
        for part in wrap(text, self.columns - indent):
            self.stream.write(f"{' ' * indent}{self.style(part, *styles)}\n" if part else "\n")

    def heading(self, text: str) -> None:
        """A bold line with an empty one before it."""
        self.stream.write("\n")
        self.line(text, "bold")

    def table(self, header: Sequence[str], rows: Iterable[Sequence[Any]], *, indent: int = 0) -> None:
        """Rows under a header; the last column wraps, below its row where too little room is left beside it.

        An empty header leaves its line out.
        """
        cells = [[_shown(cell) for cell in row] for row in rows]
        everything = [list(header), *cells] if header else cells
        if not everything:
            return
        widths = [max(width(row[i]) for row in everything) for i in range(len(everything[0]) - 1)]
        left = indent + sum(widths) + len(_GAP) * len(widths)
        beside = self.columns - left >= min(32, max(width(row[-1]) for row in everything))
        for number, row in enumerate(everything):
            styles = ("dim",) if header and number == 0 else ()
            start = " " * indent + "".join(pad(cell, w) + _GAP for cell, w in zip(row, widths, strict=False))
            margin = left if beside else indent + 4
            lines = [" " * margin + part for part in wrap(row[-1], self.columns - margin)]
            lines = [start + lines[0].strip(), *lines[1:]] if beside else [start, *lines]
            for line in lines:
                if line.strip():
                    self.stream.write(self.style(line.rstrip(), *styles) + "\n")

    def facts(self, pairs: Iterable[tuple[str, Any]], *, indent: int = 0) -> None:
        """Name and value in two columns; values that are None or empty are left out."""
        self.table((), [(name, value) for name, value in pairs if value not in (None, "", [], {})], indent=indent)

    def commands(self, told: Iterable[tuple[str, str]]) -> None:
        """Commands to copy, each with what it does."""
        rows = list(told)
        widest = max((width(command) for command, _does in rows), default=0)
        for command, does in rows:
            if widest + 4 + width(does) <= self.columns:
                self.stream.write(
                    f"  {self.style(command, 'bold')}{' ' * (widest - width(command))}  {self.style(does, 'dim')}\n"
                )
            else:
                self.stream.write(f"  {self.style(command, 'bold')}\n")
                self.line(does, "dim", indent=6)


def _shown(cell: Any) -> str:
    if cell is None:
        return "–"
    if isinstance(cell, bool):
        return "✓" if cell else "–"
    if isinstance(cell, float):
        return number(cell)
    return str(cell)


def number(value: float | int | None) -> str:
    """A figure with about four digits that matter.

    >>> number(0.98765), number(47213.4), number(3), number(None)
    ('0.9877', '47,213', '3', '–')
    """
    if value is None or value != value:
        return "–"
    if isinstance(value, int) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.4g}" if abs(value) >= 1 or value == 0 else (f"{value:.4f}" if abs(value) >= 1e-3 else f"{value:.2e}")


def amount(count: int | float | None) -> str:
    """A count with its unit, as parameters are told.

    >>> amount(44_426), amount(11_689_512), amount(None)
    ('44.4 k', '11.7 M', '–')
    """
    if count is None:
        return "–"
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if count >= limit:
            return f"{count / limit:.3g} {unit}"
    return f"{count:.0f}"

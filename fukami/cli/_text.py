"""Text in columns: Japanese characters are two cells wide and may be broken between any two of them.

>>> width("深み")
4
>>> wrap("one two three", 8)
['one two', 'three']
"""

import re
import unicodedata

_NEVER_FIRST = set("、。，．）」』】〕・：；！？ー々％")
_PIECE = re.compile(r"\s+|[^\s\u3000-\u9fff\uff00-\uffef]+|[\u3000-\u9fff\uff00-\uffef]")


def width(text: str) -> int:
    """Cells that `text` takes on a terminal."""
    return sum(0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in "WF") for c in text)


def pad(text: str, cells: int) -> str:
    """`text` filled up with blanks to `cells`."""
    return text + " " * max(0, cells - width(text))


def wrap(text: str, cells: int) -> list[str]:
    """Lines of at most `cells`, broken at blanks and between Japanese characters. Longer words stay whole, for copying."""
    lines = [""]
    for piece in _PIECE.findall(text.strip()):
        if piece.isspace():
            lines[-1] += " " if lines[-1] else ""
        elif lines[-1].strip() and width(lines[-1] + piece) > cells and piece not in _NEVER_FIRST:
            lines[-1] = lines[-1].rstrip()
            lines.append(piece)
        else:
            lines[-1] += piece
    return [line.rstrip() for line in lines]

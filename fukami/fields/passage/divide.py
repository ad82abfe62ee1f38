"""From texts of any length to passages: contiguous, in order, cut where a line, a sentence or a word ends.

Nothing is lost and nothing stands twice: a text's passages, one after the other, are the text.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa

from fukami.core.seeds import generator
from fukami.core.tables import Column, Table
from fukami.fields import cells
from fukami.fields.passage import tokens

FEW = 20
"""Of fewer texts each is divided among the parts; of more, each stands in one part."""
_ENDS = (re.compile(r"\n"), re.compile(r"[.!?。！？][\"'”’」』)]*\s?"), re.compile(r"\s"))
_BACK = 4
"""An end is looked for in the last quarter of a passage."""


def cut(text: str, window: int) -> list[int]:
    """Where passages of at most `window` characters begin, and where the last one ends.

    >>> cut("one two three\\nfour five six", 16)
    [0, 14, 27]
    """
    starts = [0]
    while len(text) - starts[-1] > window:
        end = starts[-1] + window
        low = end - window // _BACK
        # the last line end, else the last end of a sentence, else of a word
        found = next((ends[-1] for pattern in _ENDS if (ends := [m.end() for m in pattern.finditer(text, low, end)])), end)
        starts.append(found)
    return [*starts, len(text)]


def divided(task: Any, table: Table, columns: dict[str, list[Column]], _choices: Any) -> tuple[Table, dict[str, list[Column]]]:
    """The passages of a table of texts as the examples of `task`, in the order of their texts.

    Parts that are drawn lie one behind the other along it; where there are many texts, they are mixed and stay whole.
    """
    (column,) = columns[task.input.name]
    texts = cells.strings(column)
    field: Any = task.input
    window = field.window or field.options.context * tokens.LEVELS[field.level_of(texts)]
    bounds = [cut(text, window) for text in texts]
    of_P = np.repeat(np.arange(len(texts)), [max(1, len(found) - 1) for found in bounds])
    passages = Column(
        column.name,
        pa.array(list(_each(texts, bounds)), pa.string()),
        base=column.base,
        file=column.file,
        rows=_lines(column, texts, bounds, of_P),
        files=None if column.files is None else column.files[of_P],
    )
    rest = {name: other.take(of_P) for name, other in table.columns.items() if name != column.name}
    parts = None if table.parts is None else table.parts[of_P]
    found = replace(table, columns={column.name: passages, **rest}, parts=parts, order=_order(of_P, len(texts)))
    return found, {name: [passages] for name in columns}


def _each(texts: Sequence[str], bounds: Sequence[list[int]]) -> Iterator[str]:
    for text, found in zip(texts, bounds, strict=True):
        yield from (text[start:stop] for start, stop in pairwise(found))


def _order(of_P: np.ndarray, count: int) -> np.ndarray:
    if count < FEW:
        return np.arange(len(of_P))
    return generator(0, "passages").permutation(count)[of_P]


def _lines(column: Column, texts: Sequence[str], bounds: Sequence[list[int]], of_P: np.ndarray) -> np.ndarray | None:
    """The line of its file on which each passage begins, where a text is a file of its own; else the row of its text."""
    if column.rows is not None and column.files is None:
        return column.rows[of_P]
    if column.files is None:
        return of_P + 1
    first = np.ones(len(texts), np.int64) if column.rows is None else column.rows
    lines = []
    for text, found, line in zip(texts, bounds, first.tolist(), strict=True):
        for start, stop in pairwise(found):
            lines.append(line)
            line += text.count("\n", start, stop)
    return np.array(lines, np.int64)

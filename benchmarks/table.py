"""A work's rows as a Markdown table whose columns also stand in line on a terminal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.contract import Work
from benchmarks.summary import Row, Spread

Cell = Callable[[Spread], str]


def plain(digits: int, scale: float = 1.0) -> Cell:
    """Median and range with so many digits after the point; the median alone where the range is one value."""

    def shown(spread: Spread) -> str:
        middle, low, high = (f"{value * scale:,.{digits}f}" for value in (spread.median, spread.low, spread.high))
        return middle if low == high else f"{middle} ({low} – {high})"

    return shown


def quotient(spread: Spread) -> str:
    """A ratio: two digits after the point, four where it is small.

    >>> quotient(Spread(2.5, 2.5, 2.5)), quotient(Spread(0.012, 0.0115, 0.0131))
    ('2.50', '0.0120 (0.0115 – 0.0131)')
    """
    return plain(2 if spread.median >= 0.1 else 4)(spread)


def shown(work: Work, rows: list[Row], *, by_time: bool = False) -> str:
    """The table, with a line for each side that could not be measured below it, and what the figures are."""
    by_time = by_time or not work.unit
    columns = _columns(work, rows, by_time=by_time)
    cells = [[title for title, _of in columns]]
    cells += [[row.side if of is None else of(row) for _title, of in columns] for row in rows if not row.error]
    text = markdown(cells)
    lines = [f"* **{row.side}**: {_error(row.error)}" for row in rows if row.error]
    return "\n".join([text, *(["", *lines] if lines else []), "", explained(work, by_time=by_time)])


def _error(text: str) -> str:
    """What is told first, and the last words of the process."""
    lines = text.splitlines()
    return lines[0] if len(lines) == 1 else f"{lines[0]}; its last words: `{lines[-1].strip()}`"


def _columns(work: Work, rows: list[Row], *, by_time: bool) -> list[tuple[str, Callable[[Row], str] | None]]:
    """Title and cell of each column; a column that no row fills is left out."""
    what = "seconds" if by_time else f"{work.unit}/s"
    wanted: list[tuple[str, str, Cell]] = [
        ("accuracy", "accuracy", plain(4)),
        ("seconds", "seconds", plain(2)),
        (f"{work.unit}/s", "rate", plain(0)),
        (f"Fukami ÷ side, {what}", "ratio", quotient),
        ("steps alone", "loop_ratio", quotient),
        ("whole command, s", "whole_s", plain(1)),
        ("peak MiB", "peak_bytes", plain(0, 1 / 2**20)),
    ]
    if not work.unit:  # the whole command is what was measured
        wanted = [column for column in wanted if column[1] != "whole_s"]
    columns: list[tuple[str, Callable[[Row], str] | None]] = [("side", None)]
    for title, name, cell in wanted:
        if any(getattr(row, name) is not None for row in rows):
            columns.append((title, lambda row, name=name, cell=cell: _of(getattr(row, name), cell)))
    if any(row.notes for row in rows):
        columns.append(("notes", lambda row: _notes(row.notes)))
    return columns


def _of(spread: Spread | None, cell: Cell) -> str:
    return "" if spread is None else cell(spread)


def _notes(notes: dict[str, Any]) -> str:
    """The plan in words, then every other figure by its name."""
    plan = notes.get("plan", {})
    told = [str(plan[key]) for key in ("precision", "memory_format") if plan.get(key)]
    told += ["compiled"] if plan.get("compile") == "yes" else []
    told += [f"threads {plan['threads']}"] if plan.get("threads") else []
    figures = {name: value for name, value in notes.items() if name != "plan"}
    told += [f"{name} {value:.1%}" if isinstance(value, float) else f"{name} {value}" for name, value in figures.items()]
    return ", ".join(told)


def explained(work: Work, *, by_time: bool) -> str:
    """What the figures are, in words."""
    first = "Median (lowest – highest) of the rounds."
    if by_time:
        return f"{first} The ratio is of seconds: below 1 Fukami is quicker. {work.counted}".strip()
    return (
        f"{first} The ratio is of {work.unit} per second in `seconds`: above 1 Fukami is quicker. {work.counted} "
        "*Steps alone* leaves the measuring of the plan out on Fukami's side. *Whole command* is the process from start to end."
    )


def markdown(cells: list[list[str]]) -> str:
    """Rows of equal length, the first of them the head."""
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in cells]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]])

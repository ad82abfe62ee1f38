"""The end of a series as the network takes it, and what comes next as an answer."""

import csv
import io
import json

import numpy as np

from fukami.export.standalone.decoded import text_of
from fukami.export.standalone.series_clock import last_time, times_after


def read(values, told):
    """The network's tensor of histories: CSV files, or mappings of column names to their values in the order of time."""
    return {told["name"]: np.stack([window(value, told) for value in values]).astype(np.float32)}


def window(value, told):
    """The last steps of one history, in deviations; gaps are filled with the value before them. Where each example was a series
    as a whole, it is stretched to the length that was learned, and gaps lie on the line between their neighbours."""
    columns = history(value)
    named = {str(name).strip().lower(): cells for name, cells in columns.items()}
    lines = []
    for name in told["channels"]:
        if name.strip().lower() not in named:
            raise ValueError(f"there is no column {name!r}")
        line = np.array([number(cell) for cell in named[name.strip().lower()]], np.float64)
        line[~(abs(line) <= told["largest"])] = np.nan
        known = np.flatnonzero(~np.isnan(line))
        if not len(known):
            raise ValueError(f"the column {name!r} holds no number")
        if told.get("form") == "rows":  # as rows of a table: the value before
            line = line[known[np.maximum(np.searchsorted(known, np.arange(len(line)), "right") - 1, 0)]]
            known = np.arange(len(line))
        if told.get("form"):
            line = np.interp(np.linspace(0, len(line) - 1, told["length"]), known, line[known])
            known = np.arange(len(line))
        lines.append(line[known[np.maximum(np.searchsorted(known, np.arange(len(line)), "right") - 1, 0)]])
    if len({len(line) for line in lines}) > 1 or len(lines[0]) < told["length"]:
        raise ValueError(f"{told['length']} steps or more of every column are needed, not {min(map(len, lines))}")
    return (np.stack(lines, 1)[-told["length"] :] - told["mean"]) / told["std"]


def history(value):
    """Column names and their cells, of a mapping, of one as JSON, or of a CSV file."""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        value = json.loads(value)
    if isinstance(value, dict):
        return {name: cells for name, cells in value.items() if isinstance(cells, list)}
    text = text_of(value)
    mark = max(",;\t|", key=text.partition("\n")[0].count)
    rows = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=mark))
    return {name: [row[name] for row in rows] for name in (rows[0] if rows else ())}


def number(cell):
    """A cell as a number; nothing where it holds none."""
    try:
        return float("nan" if cell is None else cell)
    except ValueError:
        return float("nan")


def frames(values, told):
    """The last time of each history; None where it has none."""
    return [last_time(history(value), told["clock"]) for value in values]


def answer(scores, told, last=None):
    """What comes next of each channel, between low and high where residuals are known, and when, where the past had times."""
    parts = {"forecast": np.asarray(scores, np.float64)}
    parts |= {name: parts["forecast"] + np.array(told[name]) * told["std"] for name in ("low", "high") if name in told}
    found = {name: dict(zip(told["channels"], part.T.tolist(), strict=True)) for name, part in parts.items()}
    return found if last is None else found | {"times": times_after(last, told["clock"], len(scores))}

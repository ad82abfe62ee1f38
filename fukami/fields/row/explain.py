"""Columns of a row: what an explanation of it weighs, how they are taken away, and the row with bars beside its cells.

A cell is taken away by drawing it from what the training's column held, so that "not known" is an average over usual values
rather than one value that would mean something. The run holds no rows; draws come from the quantiles and counts that the
field learned, each column for itself, which is what Shapley values of single columns ask for (Lundberg & Lee 2017).

N numbers (with the indicators of missing ones), M categories, E elements (both), P patterns, U units, D draws, V usual values.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np

from fukami.core.language import _n
from fukami.core.lazily import torch
from fukami.core.seeds import generator
from fukami.core.tables import Column
from fukami.fields.contract import Cells
from fukami.fields.lettering import Piece, drawn
from fukami.fields.row import scaling
from fukami.fields.row.columns.contract import LearnedColumn
from fukami.fields.units import Portrait, Units, css, signed, strength

DRAWS = 16
"""Values that stand for an unknown cell: evenly spread over its column."""
VALUES = 10
"""Usual values of a column, at most."""
_LISTED, _BAR = 12, 24


def units_of(learned: Sequence[LearnedColumn], columns: Sequence[Column]) -> Units:
    """One unit for each learned column, one for each number of a cell of several. `columns` hold the one row.

    Elements are the numbers, then the indicators of missing numbers, then the categories, as the batch holds them.
    """
    names: list[str] = []
    numbers, indicators, categories = [], [], []
    for column in learned:
        for part in column.numbers:
            if column.several or part is column.numbers[0]:
                names.append(part["name"] if column.several else column.name)
            numbers.append(len(names) - 1)
            indicators += [len(names) - 1] if part["missing"] > 0 else []
        if column.categories and not column.numbers:
            names.append(column.name)
        categories += [len(names) - 1] * len(column.categories)
    cells = _cells(learned, columns)
    of = np.array([*numbers, *indicators, *categories], np.int64)
    return Units(tuple(names), of, tuple({"value": cells.get(name)} for name in names))


def _cells(learned: Sequence[LearnedColumn], columns: Sequence[Column]) -> dict[str, Any]:
    """What the row holds, by the names of units, as plain values."""
    given = {column.name.strip().lower(): column for column in columns}
    found: dict[str, Any] = {}
    for known in learned:
        column = given.get(known.name.strip().lower())
        if column is not None:
            value = column.values[0]
            shown = known.shown(value.as_py() if hasattr(value, "as_py") else value)
            found |= {name: _plain(cell) for name, cell in shown.items()}
    return found


def _plain(value: Any) -> Any:
    """A cell as its file has it: whole numbers stay whole, also where others of the column are missing or have decimals.

    >>> _plain(3.0), _plain(np.float32(0.1)), _plain(float("nan")), _plain("N/A")
    (3, 0.1, None, 'N/A')
    """
    if isinstance(value, np.generic):
        value = float(str(value)) if isinstance(value, np.floating) else value.item()
    if isinstance(value, float):
        whole = value.is_integer() and abs(value) < 1e15
        return None if value != value else int(value) if whole else value
    return value if isinstance(value, (int, str, bool, type(None))) else str(value)


def fillings(learned: Sequence[LearnedColumn], *, seed: int, count: int = DRAWS) -> Cells:
    """`Cells(numbers_DN, categories_DM)`: D draws of every cell, each column evenly spread and in an order of its own."""
    rng = generator(seed, "row", "fillings")
    numbers, indicators, categories = [], [], []
    for part in (part for column in learned for part in column.numbers):
        share_D = _spread(rng, count)
        missing_D = share_D < part["missing"]
        known_D = (share_D - part["missing"]) / max(1e-9, 1 - part["missing"])
        numbers.append(np.where(missing_D, 0.0, _number(part, np.clip(known_D, 0, 1))))
        indicators += [missing_D.astype(float)] if part["missing"] > 0 else []
    for part in (part for column in learned for part in column.categories):
        categories.append(_category(part, _spread(rng, count)))
    stacked = np.stack([*numbers, *indicators], 1) if numbers else np.empty((count, 0))
    codes = np.stack(categories, 1) if categories else np.empty((count, 0), np.int64)
    return Cells(torch.from_numpy(stacked.astype(np.float32)), torch.from_numpy(codes.astype(np.int64)))


def _spread(rng: np.random.Generator, count: int) -> np.ndarray:
    return (rng.permutation(count) + 0.5) / count


def _number(part: dict[str, Any], share_D: np.ndarray) -> np.ndarray:
    """Scaled values below which these shares of the training's lie."""
    scale = part["scale"]
    if scale["transform"] == "quantile":
        from scipy.special import ndtr

        to = np.array(scale["to"])
        ends = _ends(ndtr(to))
        return to[np.minimum(np.searchsorted(ends, share_D, "right"), len(to) - 1)]
    if not part["edges"]:
        return np.zeros_like(share_D)
    edges = np.array(part["edges"])
    return scaling.apply(scale, edges[np.minimum((share_D * len(edges)).astype(int), len(edges) - 1)])


def _ends(ranks: np.ndarray) -> np.ndarray:
    """Up to which share each value goes whose middle rank is known: the first from 0, every other from where the last ended.

    >>> _ends(np.array([0.45, 0.95])).round(3).tolist()
    [0.9, 1.0]
    """
    signs = np.where(np.arange(len(ranks)) % 2, -1.0, 1.0)
    ends = np.cumsum(2 * signs * ranks) * signs
    return np.clip(np.maximum.accumulate(ends), 0, 1)


def _category(part: dict[str, Any], share_D: np.ndarray) -> np.ndarray:
    counts = np.array(part.get("counts", [1] * len(part["values"])), float)
    missing = part.get("missing", 0.0)
    shares = np.concatenate([[missing], (1 - missing) * counts / max(1.0, counts.sum())])
    return np.minimum(np.searchsorted(np.cumsum(shares), share_D, "right"), len(counts))


def without(cells: Cells, units: Units, gone_PU: np.ndarray, filling: Cells, draw: int) -> Cells:
    """The one row of the batch with the cells of each pattern taken from draw number `draw`."""
    gone_PE = torch.from_numpy(gone_PU[:, units.of]).to(cells.numbers.device)
    count = cells.numbers.shape[1]
    numbers_N, categories_M = (part[draw].to(cells.numbers.device) for part in filling)
    return Cells(
        torch.where(gone_PE[:, :count], numbers_N, cells.numbers),
        torch.where(gone_PE[:, count:], categories_M, cells.categories),
    )


def exchanged(cells: Cells, gone_E: np.ndarray, order_N: torch.Tensor) -> Cells:
    """The rows with the elements where `gone_E` is true taken from the rows `order_N`."""
    gone = torch.from_numpy(gone_E).to(cells.numbers.device)
    count = cells.numbers.shape[1]
    return Cells(
        torch.where(gone[:count], cells.numbers[order_N], cells.numbers),
        torch.where(gone[count:], cells.categories[order_N], cells.categories),
    )


def usual(cells: Cells, gone_E: np.ndarray) -> tuple[list[int], np.ndarray]:
    """Rows that hold the usual values of a column, and the share of the examples that each stands for (V).

    Numbers come from the least to the greatest, categories from the commonest on.

    >>> cells = Cells(torch.tensor([[3.0], [1.0], [3.0], [2.0]]), torch.empty(4, 0, dtype=torch.int64))
    >>> rows, shares = usual(cells, np.array([True]))
    >>> rows, shares.tolist()
    ([1, 3, 0], [0.25, 0.25, 0.5])
    """
    count = cells.numbers.shape[1]
    numbers, categories = np.flatnonzero(gone_E[:count]), np.flatnonzero(gone_E[count:])
    if not len(numbers):
        codes_N = cells.categories[:, categories[0]].cpu().numpy()
        _distinct, first, counts = np.unique(codes_N, return_index=True, return_counts=True)
        usual = np.argsort(-counts, kind="stable")[:VALUES]
        return first[usual].tolist(), counts[usual] / counts[usual].sum()
    values_N = cells.numbers[:, numbers[0]].cpu().numpy()
    rows = np.arange(len(values_N))
    if len(np.unique(values_N)) > VALUES:
        rows = np.argsort(values_N, kind="stable")[((np.arange(VALUES) + 0.5) / VALUES * len(values_N)).astype(int)]
    _distinct, first, counts = np.unique(values_N[rows], return_index=True, return_counts=True)
    return rows[first].tolist(), counts / counts.sum()


def portrait(units: Units, weights_U: np.ndarray) -> Portrait:
    """The strongest columns, each with its cell and a bar, in one colour for the answer and in the other against it."""
    order = np.argsort(-np.abs(weights_U), kind="stable")[:_LISTED]
    shares = strength(weights_U)
    rows, lines, pieces = [], [], []
    for u in order:
        name, cell = units.names[u], _shown(units.told[u]["value"])
        colour = css(float(np.sign(shares[u])))
        bar = f'<i style="display:block;height:.7em;width:{100 * abs(shares[u]):.0f}%;background:{colour}"></i>'
        weight = signed(float(weights_U[u]))
        figure = f'<td style="white-space:nowrap;text-align:right">{weight}</td>'
        rows.append(f'<tr><th>{escape(name)}</th><td>{escape(cell)}</td>{figure}<td style="width:35%">{bar}</td></tr>')
        lines.append(f"{weight}  {name} = {cell}")
        width = max(1, round(_BAR * abs(float(shares[u]))))
        pieces.append([Piece(" " * 2 * width, float(np.sign(shares[u]))), Piece(f"  {weight}  {name} = {cell}")])
    if left := len(units) - len(order):
        more = _n("and {n} more column, which counts less", "and {n} more columns, which count less", left)
        rows.append(f'<tr><td colspan="4">{escape(more)}</td></tr>')
    return Portrait(f'<table class="row">{"".join(rows)}</table>', lambda: drawn(pieces), tuple(lines))


def _shown(value: Any) -> str:
    return "–" if value is None else str(value)[:60]

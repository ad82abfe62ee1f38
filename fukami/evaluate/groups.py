"""Parts the examples by the values of any column, so that metrics can be told for each part."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fukami.core.errors import DataError
from fukami.core.language import _
from fukami.core.tables import Column
from fukami.fields.personal import kind_of
from fukami.fields.row.columns.personal import hashed

MAX_VALUES = 20
"""Values that get a group of their own; rarer ones share one."""


@dataclass(frozen=True)
class Grouping:
    """Names of the groups, and for each row of the table the number of its group (int16)."""

    labels: list[str]
    codes: np.ndarray


def grouping(column: Column) -> Grouping:
    """The groups of a column: its values; quarters of a number that takes more than 20 values; the 20 commonest of many.
    Personal data is told by hashes.

    >>> sex = grouping(Column("sex", pa.array(["f", "m", None, "f"])))
    >>> sex.labels, sex.codes.tolist()
    (['f', 'm', '(missing)'], [0, 1, 2, 0])
    """
    values = _arrow(column)
    numbers = _numbers(values)
    if numbers is not None and len(np.unique(numbers[np.isfinite(numbers)])) > MAX_VALUES:
        return _quarters(numbers)
    return _by_value(values, numbers is not None, personal=bool(kind_of(column)))


def _arrow(column: Column) -> pa.Array:
    if column.is_array and column.values.ndim > 1:
        raise DataError(
            "F-GROUP-COLUMN",
            _("the column {name} cannot part the examples").format(name=column.name),
            where=column.name,
            expected=_("one value per example"),
            got=_("{n} values per example").format(n=int(np.prod(column.values.shape[1:]))),
        )
    values = pa.array(column.values) if column.is_array else column.values
    return values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values


def _numbers(values: pa.Array) -> np.ndarray | None:
    """The cells as float64 with NaN for missing ones, or None where they are not numbers."""
    if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
        words = [None if word is None or not word.strip() else word.strip() for word in values.to_pylist()]
        try:
            values = pc.cast(pa.array(words, pa.string()), pa.float64())
        except pa.ArrowInvalid:  # other words than numbers
            return None
    elif not (pa.types.is_integer(values.type) or pa.types.is_floating(values.type) or pa.types.is_decimal(values.type)):
        return None
    return pc.cast(values, pa.float64(), safe=False).to_numpy(zero_copy_only=False).astype(np.float64)


def _quarters(numbers: np.ndarray) -> Grouping:
    known = np.isfinite(numbers)
    edges = np.unique(np.quantile(numbers[known], [0.25, 0.5, 0.75]))
    codes = np.where(known, np.searchsorted(edges, np.where(known, numbers, 0.0), side="left"), len(edges) + 1)
    shown = [f"{edge:.6g}" for edge in edges]
    between = [_("above {low} to {high}").format(low=low, high=high) for low, high in pairwise(shown)]
    labels = [_("up to {high}").format(high=shown[0]), *between, _("above {low}").format(low=shown[-1]), _("(missing)")]
    return Grouping(labels, codes.astype(np.int16))


def _by_value(values: pa.Array, numeric: bool, *, personal: bool) -> Grouping:
    words = np.array(["" if value is None else str(value).strip() for value in values.to_pylist()], dtype=object)
    found, codes, counts = np.unique(words.astype(str), return_inverse=True, return_counts=True)
    common = np.argsort(-counts, kind="stable")
    common = [int(i) for i in common if found[i] != ""][:MAX_VALUES]
    common.sort(key=(lambda i: float(found[i])) if numeric else (lambda i: found[i]))
    place = np.full(len(found), len(common))  # everything else shares a group
    place[common] = np.arange(len(common))
    labels = [hashed(str(found[i])) if personal else str(found[i]) for i in common]
    if len(found) - ("" in found) > MAX_VALUES:
        labels.append(_("(other)"))
    if "" in found:
        place[found == ""] = len(labels)
        labels.append(_("(missing)"))
    return Grouping(labels, place[codes].astype(np.int16))

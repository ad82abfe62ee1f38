"""Data from Python: `(x, y)`, a dictionary of columns, a list of records, a DataFrame, a scikit-learn bunch, a torch `Dataset`
or `DataLoader`, a `Table`.

pandas, polars and torch are recognised by what their objects can do, never imported.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

from fukami.core.cards import card
from fukami.core.errors import DataError
from fukami.core.language import N_, _
from fukami.core.percent import percent
from fukami.core.problems import Problem
from fukami.core.recipe import DataChoices
from fukami.core.tables import Column, Table
from fukami.data import records, text_table
from fukami.data.parts import part_named

TOLD = N_("data from Python")
_NAME = "[data]"
SHARED = 0.5
"""From this share of common index values on two indexes speak of the same rows."""


def claims(source: Any, kinds: tuple[str, ...]) -> float:
    return 0.0  # paths never; objects come here without asking


def read(source: Any, choices: DataChoices, *, kinds: tuple[str, ...] = ()) -> Table:
    """The table of an object. Parts come as a dictionary: `{"train": (x, y), "test": (x, y)}`."""
    if isinstance(source, Table):
        return source
    if isinstance(source, Mapping) and source and all(isinstance(k, str) and part_named(k) for k in source):
        return _parts({k: read(v, choices, kinds=kinds) for k, v in source.items()})
    if isinstance(source, Mapping) and "data" in source and "target" in source and hasattr(source, "DESCR"):
        return _bunch(source, kinds)
    if _is_frame(source):
        return replace(_table(_frame(source)), problems=_twice(source))
    if isinstance(source, Mapping):
        return _table({str(name): values for name, values in source.items()})
    if isinstance(source, tuple) and len(source) in (1, 2):
        return _pair(source, kinds)
    if isinstance(source, list) and source and all(isinstance(row, Mapping) for row in source):
        names = dict.fromkeys(name for row in source for name in row)
        return _table({str(name): [row.get(name) for row in source] for name in names})
    array = records.as_array(source)
    if array is not None or (isinstance(source, list) and source):
        return _pair((source,), kinds)
    if (items := _items(source)) is not None:
        return read(items, choices, kinds=kinds)
    raise DataError(
        "F-DATA-OBJECT",
        _("data of this kind cannot be read"),
        expected=_("a path, (x, y), a dictionary of columns, a list of records, a DataFrame, or a Dataset"),
        got=type(source).__name__,
        fix='fukami.train(TASK, {"text": texts, "label": labels})',
    )


def _table(columns: Mapping[str, Any], hints: dict[str, str] | None = None) -> Table:
    records.equal_lengths(columns, _NAME)
    made = {name: v if isinstance(v, Column) else records.column(name, v, _NAME) for name, v in columns.items()}
    return Table(name=_NAME, columns=made, hints=hints or {}, layout="memory")


def _pair(pair: tuple[Any, ...], kinds: tuple[str, ...]) -> Table:
    """`(x,)` or `(x, y)`."""
    x, *rest = pair
    if any(value is None or not hasattr(value, "__len__") for value in pair):
        raise DataError(
            "F-DATA-OBJECT",
            _("examples and targets are sequences of equal length"),
            got=", ".join(type(v).__name__ for v in pair),
        )
    kind = kinds[0] if kinds else ""
    wide = bool(kind) and card("fields", kind).columns == "many"  # a column for each feature of a matrix
    columns, problems = _inputs(x, wide=wide), _twice(x) if _is_frame(x) else ()
    hints = {} if len(columns) > 1 or not kind or wide else {kind: next(iter(columns))}
    if rest:
        name = str(getattr(rest[0], "name", None) or "target")
        name = name if name not in columns else "target"
        while name in columns:  # no input is overwritten
            name += "_"
        columns[name] = rest[0]
        hints["target"] = name
        problems += tuple(_in_other_order(x, rest[0]))
    return replace(_table(columns, hints), problems=problems)


def _in_other_order(x: Any, y: Any) -> Iterator[Problem]:
    """A warning where inputs and targets have an index of the same values (pandas) in another order: they go by place."""
    left: Any = getattr(x, "index", None)
    right: Any = getattr(y, "index", None)
    if not (hasattr(left, "isin") and hasattr(right, "isin")) or len(left) != len(right) or left.equals(right):
        return
    common = float(right.isin(left).mean())
    if common >= SHARED:
        yield Problem(
            code="F-DATA-INDEX",
            severity="warning",
            what=_("the rows of inputs and targets are joined by their place, but their indexes say another order"),
            where=_NAME,
            expected=_("the same index in the same order"),
            got=_("{share} of the targets have the index of an input, elsewhere").format(share=percent(common)),
            fix="y = y.loc[x.index]" if common == 1 else _("x.join(y) leaves the rows that both have, in one order"),
            count=len(left),
        )


def _inputs(x: Any, *, wide: bool) -> dict[str, Any]:
    if _is_frame(x):
        return _frame(x)
    if isinstance(x, Mapping):
        return dict(x)
    array = records.as_array(x)
    if wide and array is None:
        array = _matrix(x)
    if wide and array is not None and array.ndim == 2:
        return {f"x{i + 1}": array[:, i] for i in range(array.shape[1])}
    return {"x": x}


def _items(source: Any) -> Any:
    """The examples of a torch `Dataset`, or of the one behind a `DataLoader` (its batches are for training), in a form that is
    read here: `(inputs, targets)`, records or inputs alone. None for what is none.

    Each example is taken once: what a transform draws at random is drawn once.
    """
    source = getattr(source, "dataset", source)
    sized = hasattr(source, "__getitem__") and hasattr(source, "__len__")
    if isinstance(source, (str, bytes, Mapping, set)) or not (sized or hasattr(source, "__iter__")):
        return None
    items = [source[i] for i in range(len(source))] if sized else list(source)
    if not items or isinstance(items[0], Mapping):
        return items or None
    if not isinstance(items[0], (tuple, list)):
        return (_joined(items),)
    if {len(item) for item in items} != {2}:
        raise DataError(
            "F-DATA-ITEM",
            _("the examples of a dataset are an input and a target each"),
            expected="(x, y)",
            got=", ".join(sorted({str(len(item)) for item in items})),
            fix=_("let __getitem__ return (input, target), or a dictionary of names"),
        )
    x, y = zip(*items, strict=True)
    return _joined(list(x)), list(y)


def _joined(values: list[Any]) -> Any:
    """Arrays and tensors of one shape as one array; anything else as it is."""
    arrays = [records.as_array(value) for value in values]
    shapes = {None if array is None else array.shape for array in arrays}
    return np.stack(arrays) if len(shapes) == 1 and None not in shapes else values  # type: ignore[arg-type]


def _matrix(x: Any) -> np.ndarray | None:
    """A list of equally long lists as an array of objects, so that every column keeps its own type."""
    lengths = {len(row) if isinstance(row, (list, tuple)) else -1 for row in x}
    return np.array(x, dtype=object) if len(lengths) == 1 and -1 not in lengths else None


def _bunch(bunch: Mapping[str, Any], kinds: tuple[str, ...]) -> Table:
    """scikit-learn's datasets: pictures where a task wants them, names of features and classes kept."""
    usual = [name for kind in kinds for name in card("fields", kind).usual_inputs]
    data = next((bunch[name] for name in usual if bunch.get(name) is not None), bunch["data"])
    target, classes = bunch["target"], bunch.get("target_names")
    if classes is not None and np.asarray(target).dtype.kind in "iu" and np.ndim(classes) == 1 and np.ndim(target) == 1:
        target = [str(classes[int(i)]) for i in np.asarray(target)]
    table = _pair((data, target), kinds)
    names = bunch.get("feature_names")
    if names is None or len(names) != len(table.columns) - 1:
        return table
    new = dict(zip([c for c in table.columns if c != table.hints["target"]], map(str, names), strict=True))
    columns = {new.get(n, n): replace(c, name=new.get(n, n)) for n, c in table.columns.items()}
    return replace(table, columns=columns)


def _is_frame(source: Any) -> bool:
    """A pandas, polars or Arrow table: has columns and can be turned into Arrow or NumPy."""
    return hasattr(source, "columns") and (
        hasattr(source, "to_arrow") or hasattr(source, "dtypes") or isinstance(source, pa.Table)
    )


def _names(frame: Any) -> list[str]:
    return [str(name) for name in (frame.column_names if isinstance(frame, pa.Table) else frame.columns)]


def _twice(frame: Any) -> tuple[Problem, ...]:
    """The warning that several columns have one name, where they do."""
    return tuple(text_table.distinct(_names(frame), _NAME)[1])


def _frame(frame: Any) -> dict[str, Any]:
    from fukami.data.readers.parquet import columns_of

    if isinstance(frame, pa.Table):
        return dict(columns_of(frame))
    if hasattr(frame, "to_arrow"):
        return dict(columns_of(frame.to_arrow()))
    columns: dict[str, Any] = {}
    for position, key in enumerate(text_table.distinct(_names(frame), _NAME)[0]):
        series = frame.iloc[:, position]
        try:
            values = pa.array(series, from_pandas=True)
            values = values.dictionary_decode() if pa.types.is_dictionary(values.type) else values
            values = pa.concat_arrays(values.chunks) if isinstance(values, pa.ChunkedArray) else values
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
            values = records.column(key, list(series), _NAME).values
        columns[key] = Column(key, values)
    return columns


def _parts(tables: dict[str, Table]) -> Table:
    from fukami.data.joined import joined

    return joined([(part_named(name), table) for name, table in tables.items()], name=_NAME, layout="memory")

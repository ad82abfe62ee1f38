"""Batches as plain JSON and a list of arrays: how answers travel between processes and lie in a file, without pickle.

What may be in such a tree: dicts, tuples, lists, `batch.Rows`, arrays, and what JSON holds. Tuples with names and other forms
of a field's own are refused: no other process would know how to build them.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from fukami.fields.batch import Rows

Form = Any
"""A tree as JSON: each array is the number of its place in the list."""


def taken_apart(tree: Any) -> tuple[Form, list[np.ndarray]]:
    """The form of a tree of NumPy arrays, and those. Raises `TypeError` for what cannot be put together elsewhere.

    >>> taken_apart({"sure": np.ones(2), "threshold": 0.5})
    ({'dict': {'sure': {'array': 0}, 'threshold': {'is': 0.5}}}, [array([1., 1.])])
    """
    found: list[np.ndarray] = []
    return _form(tree, found), found


def _form(tree: Any, found: list[np.ndarray]) -> Form:
    if isinstance(tree, np.ndarray):
        if tree.dtype.hasobject:
            raise TypeError("arrays of Python objects cannot be sent")
        found.append(tree)
        return {"array": len(found) - 1}
    if isinstance(tree, dict):
        return {"dict": {name: _form(value, found) for name, value in tree.items()}}
    if isinstance(tree, Rows):
        return {"rows": _form(tree.columns, found), "counts": _form(tree.counts, found)}
    if type(tree) in (tuple, list):
        return {type(tree).__name__: [_form(value, found) for value in tree]}
    if tree is None or isinstance(tree, bool | int | float | str):
        return {"is": tree}
    raise TypeError(f"answers and targets are made of dicts, tuples, lists, Rows and arrays, not of {type(tree).__name__}")


def put_together(form: Form, arrays: Sequence[np.ndarray]) -> Any:
    """The opposite.

    >>> put_together(*taken_apart((np.arange(2), [None, "a"])))
    (array([0, 1]), [None, 'a'])
    """
    ((kind, value), *rest) = form.items()
    match kind:
        case "array":
            return arrays[value]
        case "dict":
            return {name: put_together(inner, arrays) for name, inner in value.items()}
        case "rows":
            return Rows(put_together(value, arrays), put_together(rest[0][1], arrays))
        case "is":
            return value
    values = [put_together(inner, arrays) for inner in value]
    return tuple(values) if kind == "tuple" else values

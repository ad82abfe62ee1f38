"""Histories as columns: how they are made of lists, numbered by a catalogue, and read from what people give.

N examples, C items asked about.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as _compute

from fukami.core.errors import DataError
from fukami.core.language import _
from fukami.core.tables import Column
from fukami.fields import cells
from fukami.fields.contract import Ragged
from fukami.fields.history.packing import Log

pc: Any = _compute  # its functions are made when it is imported, so checkers cannot see them
LISTS = pa.large_list(pa.large_string())


def columns(
    name: str, users: Any, items: Any, told: dict[str, Any], candidates: np.ndarray | None = None, **place: Any
) -> list[Column]:
    """The three columns of N examples. `place` is where they stand, as a column says it."""
    users = users if isinstance(users, pa.Array) else pa.array(users, pa.large_string())
    items = items if isinstance(items, pa.Array) else pa.array(items, LISTS)
    candidates = np.zeros((len(users), 1), np.int32) if candidates is None else candidates
    return [
        Column("user", users, **place),
        Column(name, items, told=told, **place),
        Column("candidates", candidates, **place),
    ]


def parts(columns: Sequence[Column]) -> tuple[pa.Array, pa.Array]:
    """Users (N) and lists of items (N); a column that stands alone holds lists. Missing ones are empty."""
    lists = columns[1] if len(columns) > 1 else columns[0]
    items = lists.values.cast(LISTS)
    users = columns[0].values.cast(pa.large_string()) if len(columns) > 1 else pa.array([""] * len(items), pa.large_string())
    return pc.fill_null(users, ""), items


def offsets_of(items: pa.Array) -> np.ndarray:
    """int64 (N + 1): where the list of each example begins in `items.flatten()`."""
    return np.concatenate([[0], np.cumsum(pc.fill_null(pc.list_value_length(items), 0).to_numpy(zero_copy_only=False))])


def numbers(names: pa.Array, known: Sequence[str]) -> np.ndarray:
    """int32: the place of each name among the `known` ones, from 1; 0 for those that are not among them.

    >>> numbers(pa.array(["b", "x", "a"]), ["a", "b"]).tolist()
    [2, 0, 1]
    """
    found = pc.index_in(names.cast(pa.large_string()), value_set=pa.array(known, pa.large_string()))
    return (pc.fill_null(found, -1).to_numpy(zero_copy_only=False) + 1).astype(np.int32)


def numbered(items: pa.Array, known: Sequence[str]) -> Ragged:
    """Lists of names as ragged numbers, without those that are not among the `known` ones."""
    values, offsets = numbers(items.flatten(), known), offsets_of(items)
    kept = np.concatenate([[0], np.cumsum(values > 0)])
    return Ragged(values[values > 0], kept[offsets].astype(np.int64))


def hashed(names: pa.Array) -> np.ndarray:
    """uint64 of each name."""
    encoded = names.dictionary_encode()
    return cells.hashes(name.encode() for name in encoded.dictionary.to_pylist())[
        encoded.indices.to_numpy(zero_copy_only=False)
    ]


def hashed_lists(items: pa.Array) -> np.ndarray:
    """uint64 of each list, equal where the names and their order are."""
    offsets = offsets_of(items)
    lengths = np.diff(offsets)
    found = cells.hash_numbers(lengths.astype(np.float64))
    flat = items.flatten()
    if not len(flat):
        return found
    values, place = hashed(flat), np.arange(len(flat)) - np.repeat(offsets[:-1], lengths)
    sums = np.append(np.uint64(0), np.cumsum(cells.combined([values, place.astype(np.uint64)]), dtype=np.uint64))
    return cells.combined([found, sums[offsets[1:]] - sums[offsets[:-1]]])


def chosen(columns: Sequence[Column], users: Sequence[str], names: Sequence[str]) -> dict[str, str]:
    """What each of the `users` chose in training, as a state holds it (`packing.Log`): the `after` that the source tells
    beside each training example, or else the histories themselves."""
    own, items = parts(columns)
    after = columns[1].told.get("chosen")
    rows = numbers(own, users)
    if after is None:
        ragged = numbered(items, names)
    else:  # what follows a history is the target's, which is its own column; the log of all users is shared
        ragged = numbered(after["items"].take(numbers_in(after["users"], own)), names)
    order = np.argsort(rows, kind="stable")
    order = order[rows[order] > 0]
    first = order[np.unique(rows[order], return_index=True)[1]] if len(order) else order
    lists = [ragged.values[ragged.offsets[row] : ragged.offsets[row + 1]] for row in first.tolist()]
    lengths, values = Log.told(np.array([len(one) for one in lists], np.int64), np.concatenate([*lists, np.empty(0, np.int32)]))
    return {"lengths": lengths, "chosen": values}


def numbers_in(all_names: pa.Array, names: pa.Array) -> pa.Array:
    """Where each of `names` stands among `all_names`."""
    return pc.index_in(names, value_set=all_names)


def gathered(name: str, values: Sequence[Any], field: Any) -> list[Column]:
    """What people ask, as columns. Raises `DataError` for what is neither a user nor a history."""
    users: list[str] = []
    items: list[list[str]] = []
    asked: list[np.ndarray] = []
    known, catalogue, log = {user: n for n, user in enumerate(field.state["users"], 1)}, field.state["items"], None
    for value in values:
        user, own, candidates = given(value)
        if own is None:
            log = log or field.log
            own = [catalogue[number - 1] for number in log.items_of(known.get(user, 0)).tolist()]
        users.append(user)
        items.append(own)
        asked.append(numbers(pa.array(candidates, pa.large_string()), catalogue))
    matrix = np.zeros((len(users), max(1, max(map(len, asked), default=0))), np.int32)
    for row, numbers_C in zip(matrix, asked, strict=True):
        row[: len(numbers_C)] = numbers_C
    return columns(name, users, items, {"items": catalogue}, matrix)


def given(value: Any) -> tuple[str, list[str] | None, list[str]]:
    """User, history (None where only the user is named) and items asked about.

    >>> given("u7"), given({"history": ["a", 5]}), given(["a"])
    (('u7', None, []), ('', ['a', '5'], []), ('', ['a'], []))
    """
    if isinstance(value, (str, int)):
        return str(value), None, []
    told: Any = value if isinstance(value, Mapping) else {"history": value}
    unknown = set(told) - {"user", "history", "candidates"}
    lists = [told.get(name) for name in ("history", "candidates")]
    if unknown or not told or any(one is not None and isinstance(one, (str, bytes, Mapping)) for one in lists):
        raise DataError(
            "F-HISTORY-GIVEN",
            _("this is neither a user nor a history"),
            expected=_("a user's name, or {example}").format(example='{"history": ["…", "…"]}'),
            got=str(value)[:80],
        )
    try:
        history, candidates = ([str(item) for item in one] if one is not None else None for one in lists)
    except TypeError:
        raise DataError("F-HISTORY-GIVEN", _("this is neither a user nor a history"), got=str(value)[:80]) from None
    return str(told.get("user") or ""), history, candidates or []

"""Batches of every form: what inputs, targets, answers and truths are outside of their fields, and what walks them.

A batch is a tree of dicts and tuples. Its leaves hold one entry for each of B examples: tensors or arrays along their first
axis, lists, and forms of a field's own that are `Packed` (boxes of all pictures in one tensor, say). Numbers and tensors
without an axis (a mixing weight) belong to all examples. Only a field and its metrics look inside; everything between them
asks for the size, cuts, joins, maps.

To programs outside a batch is named tensors: one that is a single tensor keeps its field's name (`image`), one of several gets
a name for each part (`text_ids`, `text_lengths`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol, Self, runtime_checkable

import numpy as np

from fukami.core.lazily import is_tensor, torch


@runtime_checkable
class Packed(Protocol):
    """What holds B examples in a form of its own."""

    def __len__(self) -> int: ...

    def part(self, start: int, stop: int, /) -> Self:
        """Examples `start` to `stop`."""
        ...

    def taken(self, rows: np.ndarray, /) -> Self:
        """Examples `rows`, in that order."""
        ...

    def tensors(self) -> dict[str, Any]:
        """Everything it holds, by name."""
        ...

    def like(self, tensors: Mapping[str, Any], /) -> Self:
        """The same form over other tensors of the same names."""
        ...

    @classmethod
    def joined(cls, parts: Sequence[Self], /) -> Self:
        """Several, one after the other."""
        ...


@dataclass(frozen=True)
class Rows:
    """B examples of a varying number of rows each (boxes of a picture, tags of a text), one after the other.

    `columns` hold the T rows of all examples, by name; `counts_B` says how many each example has. Tensors or arrays.

    >>> boxes = Rows({"box": torch.arange(6)}, torch.tensor([1, 3, 2]))
    >>> boxes.part(1, 3).columns["box"].tolist(), boxes.taken(np.array([2, 0])).columns["box"].tolist()
    ([1, 2, 3, 4, 5], [4, 5, 0])
    """

    columns: dict[str, Any]
    counts: Any

    def __len__(self) -> int:
        return len(self.counts)

    @property
    def offsets(self) -> np.ndarray:
        """int64 (B + 1): where each example's rows begin, and where the last one's end."""
        return np.concatenate([[0], np.cumsum(np.asarray(self.counts))]).astype(np.int64)

    def part(self, start: int, stop: int, /) -> Rows:
        offsets = self.offsets
        begin, end = int(offsets[start]), int(offsets[min(stop, len(self))])
        return Rows({name: column[begin:end] for name, column in self.columns.items()}, self.counts[start:stop])

    def taken(self, rows: np.ndarray, /) -> Rows:
        offsets, rows = self.offsets.tolist(), np.asarray(rows)
        spans = [np.arange(offsets[row], offsets[row + 1]) for row in rows.tolist()]
        places = np.concatenate(spans) if spans else np.empty(0, np.int64)
        return Rows({name: taken(column, places) for name, column in self.columns.items()}, taken(self.counts, rows))

    def tensors(self) -> dict[str, Any]:
        return {**self.columns, "counts": self.counts}

    def like(self, tensors: Mapping[str, Any], /) -> Rows:
        return Rows({name: tensors[name] for name in self.columns}, tensors["counts"])

    @classmethod
    def joined(cls, parts: Sequence[Rows], /) -> Rows:
        names = parts[0].columns
        return Rows({name: joined([p.columns[name] for p in parts]) for name in names}, joined([p.counts for p in parts]))

    def each(self) -> Iterator[dict[str, Any]]:
        """The columns of one example after the other."""
        offsets = self.offsets.tolist()
        for begin, end in pairwise(offsets):
            yield {name: column[begin:end] for name, column in self.columns.items()}


# -- along the examples --------------------------------------------------------------------------------------------------
def size(batch: Any) -> int:
    """The number of examples B; 0 where nothing in the batch has an axis. Raises `ValueError` where leaves disagree.

    >>> size({"x": torch.zeros(5, 2), "y": (torch.zeros(5), 0.5)})
    5
    """
    sizes = set(_sizes(batch))
    if len(sizes) > 1:
        raise ValueError(f"a batch holds leaves of {sorted(sizes)} examples; what is packed needs a `part` of its own")
    return sizes.pop() if sizes else 0


def is_leaf(value: object) -> bool:
    """Whether this is an array or a tensor."""
    return isinstance(value, np.ndarray) or is_tensor(value)


def _sizes(batch: Any) -> Iterator[int]:
    if is_leaf(batch):
        if batch.ndim:
            yield len(batch)
    elif isinstance(batch, dict | tuple):
        for value in batch.values() if isinstance(batch, dict) else batch:
            yield from _sizes(value)
    elif isinstance(batch, list | Packed):
        yield len(batch)


def part(batch: Any, start: int, stop: int) -> Any:
    """Examples `start` to `stop` of a batch, tensors as views. Raises `TypeError` for a leaf that cannot be cut.

    >>> part({"y": (torch.arange(5), 0.5), "boxes": [[1], [2, 3], [], [4], [5]]}, 1, 3)
    {'y': (tensor([1, 2]), 0.5), 'boxes': [[2, 3], []]}
    """
    return _walked(batch, lambda leaf: leaf[start:stop], lambda packed: packed.part(start, stop))


def taken(batch: Any, rows: np.ndarray) -> Any:
    """Examples `rows` of a batch, in that order.

    >>> taken({"y": np.arange(5), "z": [0, 1, 2, 3, 4]}, np.array([3, 0]))
    {'y': array([3, 0]), 'z': [3, 0]}
    """

    def of(leaf: Any) -> Any:
        if isinstance(leaf, list):
            return [leaf[row] for row in rows.tolist()]
        return leaf[torch.as_tensor(rows, device=leaf.device)] if is_tensor(leaf) else leaf[rows]

    return _walked(batch, of, lambda packed: packed.taken(rows))


def joined(batches: Sequence[Any]) -> Any:
    """Batches of one form, one after the other; what belongs to all examples is the first one's.

    >>> joined([{"y": torch.zeros(1)}, {"y": torch.ones(2)}])
    {'y': tensor([0., 1., 1.])}
    """
    first = batches[0]
    if len(batches) == 1:
        return first
    if is_tensor(first):
        return torch.cat(list(batches)) if first.ndim else first
    if isinstance(first, np.ndarray):
        return np.concatenate(batches) if first.ndim else first
    if isinstance(first, dict):
        return {name: joined([batch[name] for batch in batches]) for name in first}
    if isinstance(first, tuple):
        return _tuple(first, [joined(list(parts)) for parts in zip(*batches, strict=True)])
    if isinstance(first, list):
        return [entry for batch in batches for entry in batch]
    return type(first).joined(batches) if isinstance(first, Packed) else first


def _walked(batch: Any, leaf: Callable[[Any], Any], packed: Callable[[Any], Any]) -> Any:
    """The batch with its leaves that have an axis changed by `leaf`, and its packed ones by `packed`."""
    if is_leaf(batch):
        return leaf(batch) if batch.ndim else batch
    if isinstance(batch, dict):
        return {name: _walked(value, leaf, packed) for name, value in batch.items()}
    if isinstance(batch, tuple):
        return _tuple(batch, [_walked(value, leaf, packed) for value in batch])
    if isinstance(batch, list):
        return leaf(batch)
    if isinstance(batch, Packed):
        return packed(batch)
    if batch is None or isinstance(batch, int | float | str):
        return batch
    raise TypeError(f"a batch holds a {type(batch).__name__}, which has no `part(start, stop)` to cut it along its examples")


def _tuple(like: tuple, values: Sequence[Any]) -> tuple:
    return type(like)(*values) if hasattr(like, "_fields") else tuple(values)


# -- tensor by tensor ----------------------------------------------------------------------------------------------------
def mapped(tree: Any, change: Callable[[Any], Any]) -> Any:
    """The tree with every tensor and array of it changed, those without an axis as well.

    >>> mapped({"x": torch.ones(2), "n": 1}, lambda x: x[:1])
    {'x': tensor([1.]), 'n': 1}
    """
    if is_leaf(tree):
        return change(tree)
    if isinstance(tree, dict):
        return {name: mapped(value, change) for name, value in tree.items()}
    if isinstance(tree, tuple):
        return _tuple(tree, [mapped(value, change) for value in tree])
    if isinstance(tree, list):
        return [mapped(value, change) for value in tree]
    if isinstance(tree, Packed):
        return tree.like({name: change(tensor) for name, tensor in tree.tensors().items()})
    return tree


def leaves(tree: Any) -> list[Any]:
    """Every tensor and array of a tree.

    >>> [x.tolist() for x in leaves({"x": torch.zeros(2), "y": (torch.ones(1), 0.5)})]
    [[0.0, 0.0], [1.0]]
    """
    found: list[Any] = []
    mapped(tree, lambda leaf: (found.append(leaf), leaf)[1])
    return found


def named(batch: Mapping[str, Any]) -> dict[str, Any]:
    """A batch as tensors by name.

    >>> from fukami.fields.contract import Tokens
    >>> list(named({"text": Tokens(torch.ones(2, 3), torch.ones(2))}))
    ['text_ids', 'text_lengths']
    """
    found: dict[str, Any] = {}
    for name, value in batch.items():
        if is_leaf(value):
            found[name] = value
        else:
            found |= {f"{name}_{inner}": tensor for inner, tensor in named(_parts(value)).items()}
    return found


def _parts(value: Any) -> Mapping[str, Any]:
    if isinstance(value, dict):
        return value
    if isinstance(value, tuple):
        return dict(zip(getattr(value, "_fields", map(str, range(len(value)))), value, strict=True))
    return value.tensors()


def rebuilt(tensors: Mapping[str, Any], like: Mapping[str, Any]) -> dict[str, Any]:
    """The opposite of `named`, from arrays and lists as well; `like` shows how the batches are built.

    >>> from fukami.fields.contract import Tokens
    >>> rebuilt({"text_ids": [[1, 2]], "text_lengths": [2]}, {"text": Tokens(torch.ones(2, 3), torch.ones(2))})
    {'text': Tokens(ids=tensor([[1, 2]]), lengths=tensor([2]))}
    """

    def of(name: str, value: Any) -> Any:
        if is_leaf(value):
            return torch.as_tensor(tensors[name])
        inner = {part: of(f"{name}_{part}", tensor) for part, tensor in _parts(value).items()}
        if isinstance(value, dict):
            return inner
        return _tuple(value, list(inner.values())) if isinstance(value, tuple) else value.like(inner)

    return {name: of(name, value) for name, value in like.items()}


def arrays(tree: Any) -> Any:
    """The tree with NumPy arrays in the place of tensors."""
    return mapped(tree, lambda leaf: leaf.detach().cpu().numpy() if is_tensor(leaf) else leaf)


def tensors(tree: Any) -> Any:
    """The tree with tensors in the place of NumPy arrays."""
    return mapped(tree, lambda leaf: torch.from_numpy(leaf) if isinstance(leaf, np.ndarray) else leaf)


def num_bytes(tree: Any) -> int:
    """What the tensors and arrays of a tree take.

    >>> num_bytes({"x": torch.zeros(2), "y": np.zeros(1)})
    16
    """
    return sum(leaf.nbytes for leaf in leaves(tree))


def finite(batch: Any, count: int) -> np.ndarray:
    """Which of `count` examples hold nothing but finite numbers (bool, B).

    >>> finite({"y": torch.tensor([1.0, float("nan")])}, 2).tolist()
    [True, False]
    """
    fine = np.ones(count, dtype=bool)

    def look(leaf: Any) -> Any:
        if isinstance(leaf, list):
            return leaf
        values = leaf.detach() if is_tensor(leaf) else torch.from_numpy(leaf)
        if values.is_floating_point():
            fine[:] &= torch.isfinite(values.reshape(len(values), -1)).all(1).cpu().numpy()
        return leaf

    def inside(packed: Any) -> Any:
        for index in range(len(packed)) if not all(_whole(t) for t in packed.tensors().values()) else ():
            fine[index] &= all(_whole(t) for t in packed.part(index, index + 1).tensors().values())
        return packed

    _walked(batch, look, inside)
    return fine


def _whole(leaf: Any) -> bool:
    values = torch.as_tensor(leaf)
    return not values.is_floating_point() or bool(torch.isfinite(values).all())


def even_parts(total: int, most: int) -> Iterator[tuple[int, int]]:
    """`(start, stop)` of as few parts of at most `most` as cover `total`, their sizes differing by one at most.

    Even, so that no part is a single example where batch statistics need several.

    >>> list(even_parts(9, 4))
    [(0, 3), (3, 6), (6, 9)]
    """
    number = -(-total // max(1, most))
    for index in range(number):
        yield index * total // number, (index + 1) * total // number

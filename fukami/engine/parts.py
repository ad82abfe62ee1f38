"""Batches cut along their examples: for accumulation in micro-batches, and for the shares of several processes.

A batch is a tree of dicts and tuples. Its leaves hold one entry for each of B examples: tensors along their first axis, lists,
and types of a field's own that are `Packed`. Numbers and tensors without an axis (a mixing weight) belong to all of them.
"""

from collections.abc import Iterator
from typing import Any, Protocol, Self, runtime_checkable

import torch


@runtime_checkable
class Packed(Protocol):
    """What holds B examples in a form of its own: boxes of all pictures in one tensor, say."""

    def __len__(self) -> int: ...

    def part(self, start: int, stop: int, /) -> Self: ...


def size_of(batch: Any) -> int:
    """The number of examples B; 0 where nothing in the batch has an axis. Raises `ValueError` where leaves disagree.

    >>> size_of({"x": torch.zeros(5, 2), "y": (torch.zeros(5), 0.5)})
    5
    """
    sizes = set(_sizes(batch))
    if len(sizes) > 1:
        raise ValueError(f"a batch holds leaves of {sorted(sizes)} examples; what is packed needs a `part` of its own")
    return sizes.pop() if sizes else 0


def _sizes(batch: Any) -> Iterator[int]:
    if isinstance(batch, torch.Tensor):
        if batch.ndim:
            yield len(batch)
    elif isinstance(batch, dict | tuple):
        for value in batch.values() if isinstance(batch, dict) else batch:
            yield from _sizes(value)
    elif isinstance(batch, list | Packed):
        yield len(batch)


def part_of(batch: Any, start: int, stop: int) -> Any:
    """Examples `start` to `stop` of a batch, tensors as views. Raises `TypeError` for a leaf that cannot be cut.

    >>> part_of({"y": (torch.arange(5), 0.5), "boxes": [[1], [2, 3], [], [4], [5]]}, 1, 3)
    {'y': (tensor([1, 2]), 0.5), 'boxes': [[2, 3], []]}
    """
    if isinstance(batch, torch.Tensor):
        return batch[start:stop] if batch.ndim else batch
    if isinstance(batch, dict):
        return {name: part_of(value, start, stop) for name, value in batch.items()}
    if isinstance(batch, tuple):
        parts = [part_of(value, start, stop) for value in batch]
        return type(batch)(*parts) if hasattr(batch, "_fields") else tuple(parts)
    if isinstance(batch, list):
        return batch[start:stop]
    if isinstance(batch, Packed):
        return batch.part(start, stop)
    if batch is None or isinstance(batch, int | float | str):
        return batch
    raise TypeError(f"a batch holds a {type(batch).__name__}, which has no `part(start, stop)` to cut it along its examples")


def even_parts(total: int, most: int) -> Iterator[tuple[int, int]]:
    """`(start, stop)` of as few parts of at most `most` as cover `total`, their sizes differing by one at most.

    Even, so that no part is a single example where batch statistics need several.

    >>> list(even_parts(9, 4))
    [(0, 3), (3, 6), (6, 9)]
    """
    number = -(-total // max(1, most))
    for index in range(number):
        yield index * total // number, (index + 1) * total // number

"""Batches cut along their examples: for accumulation in micro-batches, and for the shares of several processes.

A batch is a tree of dicts, tuples and tensors; every tensor with a first axis holds one entry for each of B examples. Numbers
and tensors without an axis (a mixing weight) belong to all of them.
"""

from collections.abc import Iterator
from typing import Any

import torch


def size_of(batch: Any) -> int:
    """The number of examples B; 0 where nothing in the batch has an axis.

    >>> size_of({"x": torch.zeros(5, 2), "y": (torch.zeros(5), 0.5)})
    5
    """
    if isinstance(batch, torch.Tensor):
        return len(batch) if batch.ndim else 0
    parts = batch.values() if isinstance(batch, dict) else batch if isinstance(batch, tuple) else ()
    return max(map(size_of, parts), default=0)


def part_of(batch: Any, start: int, stop: int) -> Any:
    """Examples `start` to `stop` of a batch, as views.

    >>> part_of({"y": (torch.arange(5), 0.5)}, 1, 3)
    {'y': (tensor([1, 2]), 0.5)}
    """
    if isinstance(batch, torch.Tensor):
        return batch[start:stop] if batch.ndim else batch
    if isinstance(batch, dict):
        return {name: part_of(value, start, stop) for name, value in batch.items()}
    if isinstance(batch, tuple):
        parts = [part_of(value, start, stop) for value in batch]
        return type(batch)(*parts) if hasattr(batch, "_fields") else tuple(parts)
    return batch


def even_parts(total: int, most: int) -> Iterator[tuple[int, int]]:
    """`(start, stop)` of as few parts of at most `most` as cover `total`, their sizes differing by one at most.

    Even, so that no part is a single example where batch statistics need several.

    >>> list(even_parts(9, 4))
    [(0, 3), (3, 6), (6, 9)]
    """
    number = -(-total // max(1, most))
    for index in range(number):
        yield index * total // number, (index + 1) * total // number

"""Rows of a stored array as a tensor on a device, whether the array lies on disk, in memory, or on the device already.

What goes to a GPU goes through pinned memory: the copy is then one that nobody waits for. (The memory is torch's own, which it
takes again once the copy is done.)
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import numpy as np

from fukami.core.lazily import is_tensor, torch
from fukami.fields.contract import Ragged


def gathered(stored: np.ndarray | torch.Tensor, rows: np.ndarray, device: torch.device | str = "cpu") -> torch.Tensor:
    """`stored[rows]` on `device`; a tensor is gathered where it lies, so nothing is carried for each batch but the numbers.

    >>> gathered(np.array([[1], [2], [3]]), np.array([2, 0])).tolist()
    [[3], [1]]
    >>> gathered(torch.tensor([1, 2, 3]), np.array([2, 0])).tolist()
    [3, 1]
    """
    if is_tensor(stored):
        return stored.index_select(0, carried(np.ascontiguousarray(rows), stored.device))
    # take is the faster gather, but would first copy the whole of an array in another order
    found = stored.take(rows, axis=0) if stored.flags.c_contiguous else np.ascontiguousarray(stored[rows])
    return carried(found, device)


def carried(array: np.ndarray, device: torch.device | str) -> torch.Tensor:
    """A whole array as a tensor on `device`.

    >>> carried(np.array([1, 2]), "cpu")
    tensor([1, 2])
    """
    tensor = torch.from_numpy(array)
    if torch.device(device).type == "cuda":
        tensor = tensor.pin_memory()
    return tensor.to(device, non_blocking=True)


def ragged(rows: Sequence[Sequence[int]]) -> Ragged:
    """Numbers of tokens of each example as ragged int32 rows.

    >>> ragged([[5, 6], [], [7]]).offsets.tolist()
    [0, 2, 2, 3]
    """
    lengths = np.fromiter(map(len, rows), np.int64, len(rows))
    values = np.fromiter(chain.from_iterable(rows), np.int32, int(lengths.sum()))
    return Ragged(values, np.concatenate([[0], lengths.cumsum()]).astype(np.int64))

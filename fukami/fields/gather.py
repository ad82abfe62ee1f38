"""Rows of a stored array as a tensor on a device, whether the array lies on disk, in memory, or on the device already."""

import numpy as np
import torch


def gathered(stored: np.ndarray | torch.Tensor, rows: np.ndarray, device: torch.device | str = "cpu") -> torch.Tensor:
    """`stored[rows]` on `device`; a tensor is gathered where it lies, so nothing is carried for each batch but the numbers.

    >>> gathered(np.array([[1], [2], [3]]), np.array([2, 0])).tolist()
    [[3], [1]]
    >>> gathered(torch.tensor([1, 2, 3]), np.array([2, 0])).tolist()
    [3, 1]
    """
    if isinstance(stored, torch.Tensor):
        return stored.index_select(0, torch.from_numpy(np.ascontiguousarray(rows)).to(stored.device, non_blocking=True))
    # take is the faster gather, but would first copy the whole of an array in another order
    found = stored.take(rows, axis=0) if stored.flags.c_contiguous else np.ascontiguousarray(stored[rows])
    return torch.from_numpy(found).to(device, non_blocking=True)

"""From a sequence to one vector, looking at nothing but its own tokens.

Shapes: B batch, L tokens, D features. `valid_BL` is True at real tokens.
"""

from typing import NamedTuple

import torch


class Sequence(NamedTuple):
    """Features of each element, and how many elements are real: `x_BLD`, in which what follows the end is zero; `lengths_B`."""

    x: torch.Tensor
    lengths: torch.Tensor


def valid(lengths_B: torch.Tensor, length: int) -> torch.Tensor:
    """`valid_BL`: the first `lengths_B` of `length` places.

    >>> valid(torch.tensor([1, 3]), 3).int().tolist()
    [[1, 0, 0], [1, 1, 1]]
    """
    return torch.arange(length, device=lengths_B.device) < lengths_B.unsqueeze(1)


def masked_mean(x_BLD: torch.Tensor, valid_BL: torch.Tensor) -> torch.Tensor:
    """Mean over the real tokens, `(B, D)`.

    >>> masked_mean(torch.tensor([[[1.0], [9.0]]]), torch.tensor([[True, False]])).item()
    1.0
    """
    weights_BL1 = valid_BL.unsqueeze(2).to(x_BLD.dtype)
    return (x_BLD * weights_BL1).sum(1) / weights_BL1.sum(1)


def masked_max(x_BLD: torch.Tensor, valid_BL: torch.Tensor) -> torch.Tensor:
    """Maximum over the real tokens, `(B, D)`.

    >>> masked_max(torch.tensor([[[1.0], [9.0]]]), torch.tensor([[True, False]])).item()
    1.0
    """
    return x_BLD.masked_fill(~valid_BL.unsqueeze(2), float("-inf")).amax(1)

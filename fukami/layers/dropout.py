"""Dropout (Srivastava et al. 2014) that draws sixteen bits for each feature instead of a uniform number.

What differs from `torch.nn.Dropout`: on a processor, drawing Bernoulli numbers one at a time takes a tenth of a
transformer's step. Here one random 64-bit word decides four features, so a probability is rounded to a multiple of 1/65,536
(and the scale with it, so that the expectation is exact). On other devices, for small inputs and in evaluation it is torch's.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

SMALL = 16_384
"""Elements below which torch's own is quicker."""
LEVELS = 1 << 16


def dropout(x: torch.Tensor, p: float = 0.5, training: bool = True) -> torch.Tensor:
    """`x` with each element zero with probability `p`, the others scaled so that the mean stays; any shape.

    >>> torch.default_generator.manual_seed(0) and None
    >>> dropped = dropout(torch.ones(100_000), 0.25)
    >>> round(float((dropped == 0).float().mean()), 2), round(float(dropped.max()), 4)
    (0.25, 1.3333)
    """
    cut = round(p * LEVELS)
    if not training or x.device.type != "cpu" or x.numel() < SMALL or not 0 < cut < LEVELS:
        return F.dropout(x, p, training)
    words = torch.empty(-(-x.numel() // 4), dtype=torch.int64).random_(-(2**63), None)
    kept = words.view(torch.int16)[: x.numel()].view(x.shape) >= cut - LEVELS // 2
    return _Masked.apply(x, kept, LEVELS / (LEVELS - cut))  # type: ignore[return-value]


class _Masked(torch.autograd.Function):
    """`x · kept · scale`, which remembers one byte for each element."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, kept: torch.Tensor, scale: float) -> torch.Tensor:
        ctx.save_for_backward(kept)
        ctx.scale = scale
        return torch.ops.aten.native_dropout_backward(x, kept, scale)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        (kept,) = ctx.saved_tensors
        return torch.ops.aten.native_dropout_backward(gradients[0], kept, ctx.scale), None, None


class Dropout(nn.Dropout):
    """`dropout` as a module; in place of `torch.nn.Dropout`, with which it shares arguments and (no) weights."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        return dropout(input, self.p, self.training) if self.training and self.p else input


@contextmanager
def left_plain(module: nn.Module | None) -> Iterator[None]:
    """Afterwards, what `quicken` changed in a module that belongs to somebody else is torch's own again."""
    try:
        yield
    finally:
        for part in module.modules() if module is not None else ():
            if type(part) is Dropout:
                part.__class__ = nn.Dropout  # type: ignore[assignment]


def quicken(network: nn.Module) -> nn.Module:
    """Makes every plain `torch.nn.Dropout` in the network this one, in place.

    >>> type(quicken(nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.1)))[1]).__name__
    'Dropout'
    """
    for module in network.modules():
        if type(module) is nn.Dropout and not module.inplace:
            module.__class__ = Dropout
    return network

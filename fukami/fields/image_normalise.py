"""Stored pixels as numbers of mean 0 and deviation 1: one gather and one multiplication.

B pictures, C channels, H and W pixels, S = W · C numbers of one row of pixels.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import torch

from fukami.fields.gather import gathered


def normalised(
    x_NCHW: np.ndarray | torch.Tensor,
    rows: np.ndarray,
    mean_C: Sequence[float],
    std_C: Sequence[float],
    device: torch.device | str = "cpu",
) -> torch.Tensor:
    """`x_BCHW` float32 of the rows of `x_NCHW` uint8, whose memory is in the order N, H, W, C, as that of the result is.

    Mean and deviation are of pixels from 0 to 1.
    """
    x_BHWC = gathered(x_NCHW.swapaxes(1, 2).swapaxes(2, 3), rows, device)
    B, H, W, C = x_BHWC.shape
    x_BHS = x_BHWC.reshape(B, H, W * C).float()
    scale_S, shift_S = _normalisers(tuple(mean_C), tuple(std_C), W, x_BHS.device)
    return torch.addcmul(shift_S, x_BHS, scale_S, out=x_BHS).view(B, H, W, C).permute(0, 3, 1, 2)


@lru_cache(maxsize=16)
def on_device(values: tuple[float, ...], device: torch.device) -> torch.Tensor:
    """Numbers that every batch needs, carried once: a device would be waited for each time."""
    return torch.tensor(values, device=device)


@lru_cache(maxsize=16)
def _normalisers(
    mean_C: tuple[float, ...], std_C: tuple[float, ...], width: int, device: torch.device
) -> tuple[torch.Tensor, torch.Tensor]:
    """What a row of raw pixels is multiplied by, and what is added: both (W · C,), so that memory is read straight."""
    mean, std = on_device(mean_C, device), on_device(std_C, device)
    return (1 / (255 * std)).repeat(width), (-mean / std).repeat(width)

"""Heat maps of points: what they should be, and where their points are.

Shapes: B maps, H and W cells. Places are in cells, in whose middles are halves: the first cell's is 0.5.
"""

import torch

NEAR = 2
"""Cells around the hottest one that say where between cells a point is."""


def bump(at_B: torch.Tensor, cells: int, spread: float) -> torch.Tensor:
    """`(B, cells)`: shares of a Gaussian around the places `at_B`, `spread` cells wide, that add up to one."""
    middle = torch.arange(cells, device=at_B.device, dtype=at_B.dtype) + 0.5
    return (-((middle - at_B[:, None]) / spread).square() / 2).softmax(1)


def misfit(logits_BHW: torch.Tensor, at_B2: torch.Tensor, spread: float) -> torch.Tensor:
    """(B,): how far the softmax of each map is from a Gaussian around its place `at_B2`, x first (Kullback and Leibler)."""
    H, W = logits_BHW.shape[1:]
    across_BW, down_BH = bump(at_B2[:, 0], W, spread), bump(at_B2[:, 1], H, spread)
    log_BHW = logits_BHW.flatten(1).log_softmax(1).view_as(logits_BHW)
    said_B = torch.einsum("bhw,bh,bw->b", log_BHW, down_BH, across_BW)
    known_B = sum((part * part.clamp_min(1e-12).log()).sum(1) for part in (across_BW, down_BH))
    return known_B - said_B


def places(logits_BHW: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """`at_B2`, x first, and `sure_B`: the mean place of what is around the hottest cell of each map, and its share of the heat.

    The mean of the whole map would be drawn to its middle by whatever little heat lies elsewhere; the hottest cell alone would
    know no place between cells.

    >>> map_H1 = bump(torch.tensor([3.2]), 8, 0.8)[:, :, None].log()
    >>> places(map_H1)[0].round(decimals=1).tolist()
    [[0.5, 3.200000047683716]]
    """
    _B, H, W = logits_BHW.shape
    heat_BP = logits_BHW.flatten(1).softmax(1)
    peak_B = heat_BP.argmax(1)
    y_P = torch.arange(H, device=heat_BP.device).repeat_interleave(W)
    x_P = torch.arange(W, device=heat_BP.device).repeat(H)
    y_B, x_B = y_P[peak_B], x_P[peak_B]
    near_BP = ((y_P - y_B[:, None]).abs() <= NEAR) & ((x_P - x_B[:, None]).abs() <= NEAR)
    heat_BP = heat_BP * near_BP
    sure_B = heat_BP.sum(1)
    at_B2 = torch.stack([(heat_BP * (axis + 0.5)).sum(1) for axis in (x_P, y_P)], 1) / sure_B.clamp_min(1e-12)[:, None]
    return at_B2, sure_B

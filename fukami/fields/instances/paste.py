"""The masks of a network on the plane where they are judged. T things, P side of the network's masks, S side of the plane."""

import torch

from fukami.fields.instances import bits

LIKELY = 0.5
"""From which probability on a pixel belongs to a thing."""
AT_A_TIME = 64


def pasted(mask_TPP: torch.Tensor, box_T4: torch.Tensor, side: int) -> torch.Tensor:
    """Bits (T, S, S / 8) of masks that lie in boxes, which are told in shares of the plane: each pixel takes what lies at its
    middle, between the places of the mask; beyond the edge of a box there is nothing."""
    parts = [_part(mask_TPP[at : at + AT_A_TIME], box_T4[at : at + AT_A_TIME], side) for at in range(0, len(box_T4), AT_A_TIME)]
    return torch.cat(parts) if parts else torch.empty((0, side, side // 8), dtype=torch.uint8, device=box_T4.device)


def _part(mask_TPP: torch.Tensor, box_T4: torch.Tensor, side: int) -> torch.Tensor:
    P = mask_TPP.shape[1]
    middle_S = (torch.arange(side, device=box_T4.device) + 0.5) / side
    low_T2, size_T2 = box_T4[:, :2], (box_T4[:, 2:] - box_T4[:, :2]).clamp_min(1e-6)
    x_TS, y_TS = ((middle_S - low_T2[:, at : at + 1]) / size_T2[:, at : at + 1] * P - 0.5 for at in (0, 1))
    across_TSP, down_TSP = _weights(x_TS, P), _weights(y_TS, P)
    return bits.packed(torch.bmm(torch.bmm(down_TSP, mask_TPP), across_TSP.transpose(1, 2)) >= LIKELY)


def _weights(at_TS: torch.Tensor, P: int) -> torch.Tensor:
    """How much each of P places says about each of S pixels: linear between two, that of the outermost up to the edge."""
    place_P = torch.arange(P, device=at_TS.device)
    inside_TS = (at_TS >= -0.5) & (at_TS < P - 0.5)
    weight_TSP = (1 - (at_TS.clamp(0, P - 1)[:, :, None] - place_P).abs()).clamp_min(0)
    return weight_TSP * inside_TS[:, :, None]

"""Long sequences read through windows that overlap, and put together again.

Where a sequence is longer than a window, windows begin every half of one; of the two that hold an element, the one counts in
which more stands around it. Shapes: B batch, L elements, N windows of the longest sequence, W elements of a window.
"""

import torch


def sizes(length: int, window: int) -> tuple[int, int, int]:
    """How many windows a sequence of `length` needs, how many elements each has, and how far apart they begin.

    >>> sizes(3, 8), sizes(9, 8), sizes(12, 8), sizes(13, 8)
    ((1, 3, 4), (2, 8, 4), (2, 8, 4), (3, 8, 4))
    """
    wide, step = min(length, window), window // 2
    return (length - wide + step - 1) // step + 1, wide, step


def places(starts_BN: torch.Tensor, wide: int, length: int) -> torch.Tensor:
    """`(B, N · W)`: the elements of windows that begin at `starts_BN`, none beyond the last of `length`."""
    at_BNW = starts_BN.unsqueeze(2) + torch.arange(wide, device=starts_BN.device)
    return at_BNW.flatten(1).clamp(max=length - 1)


def cut(x_BLF: torch.Tensor, at_BNW: torch.Tensor, wide: int) -> torch.Tensor:
    """The elements at `places`, each window an example `(B · N, W, F)`."""
    taken_BNWF = x_BLF.gather(1, at_BNW.unsqueeze(2).expand(-1, -1, x_BLF.shape[2]))
    return taken_BNWF.reshape(x_BLF.shape[0] * (at_BNW.shape[1] // wide), wide, x_BLF.shape[2])


def joined(scores_RW: torch.Tensor, lengths_B: torch.Tensor, length: int, step: int, number: int) -> torch.Tensor:
    """What windows that begin every `step` say of each element, `(B, L)`; R are B times `number` windows.

    The last window of a row is that which its own length needs, however long others are.

    >>> joined(torch.tensor([[0.0, 1, 2, 3], [12.0, 13, 14, 15]]), torch.tensor([6]), 6, 2, 2).tolist()
    [[0.0, 1.0, 2.0, 13.0, 14.0, 15.0]]
    """
    wide = scores_RW.shape[1]
    place_L = torch.arange(length, device=scores_RW.device)
    further_B = (lengths_B - wide).clamp(min=0) + step - 1
    last_B1 = torch.div(further_B, step, rounding_mode="floor").clamp(max=number - 1).unsqueeze(1)
    first_BL = torch.minimum(torch.div(place_L - step // 2, step, rounding_mode="floor").clamp(min=0), last_B1)
    scores_BX = scores_RW.reshape(-1, number * wide)
    return scores_BX.gather(1, (first_BL * wide + place_L - first_BL * step).clamp(max=number * wide - 1))

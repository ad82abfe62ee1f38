"""How models of speech begin: convolutions that make steps of the frames of a spectrogram.

B batch, T frames or steps, F bands, C channels, D features.
"""

import torch
from torch import nn

from fukami.layers.pooling import valid


class Front(nn.Module):
    """Two convolutions that halve frequencies, and time as far as `stride` says; then a dense layer.

    What lies after a recording's end is 0 after each layer, so that padding changes nothing.
    """

    def __init__(self, bands: int, channels: int, width: int, stride: int):
        super().__init__()
        if stride not in (1, 2, 4):
            raise ValueError(f"stride is {stride}, expected 1, 2 or 4")
        self.steps = (min(stride, 2), max(stride // 2, 1))
        self.convs = nn.ModuleList(
            nn.Conv2d(given, channels, (5, 5), (step, 2), padding=(2, 2))
            for given, step in zip((1, channels), self.steps, strict=True)
        )
        self.dense = nn.Linear(channels * ((bands + 3) // 4), width)
        self.norm = nn.LayerNorm(width)

    def forward(self, x_BTF: torch.Tensor, frames_B: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """`x_BTD` and how many steps are real (B)."""
        x_BCTF = x_BTF.unsqueeze(1)
        for conv, step in zip(self.convs, self.steps, strict=True):
            frames_B = torch.div(frames_B + step - 1, step, rounding_mode="floor")
            x_BCTF = torch.nn.functional.silu(conv(x_BCTF))
            x_BCTF = x_BCTF * valid(frames_B, x_BCTF.shape[2])[:, None, :, None]
        x_BTD = self.dense(x_BCTF.transpose(1, 2).flatten(2))
        return self.norm(x_BTD), frames_B

"""A U-Net that finds, for each place of a spectrum, by what it is to be multiplied: Jansson et al. 2017, with the complex masks
of Williamson et al. 2016, so that phases are mended as well.

What differs: strided convolutions of three by three with batch norms; what lies after a recording's end is 0 after each layer,
so that padding changes nothing; learned by the ratio of signal to distortion of the wave itself.

Figures: see `recipes/enhancing.py`. Shapes: B batch, C channels, T frames, K bins, L samples.
"""

from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional as F

from fukami.core.cards import ModelCard
from fukami.fields.audio.features import size_of
from fukami.fields.audio.spec import AudioSpec
from fukami.layers.enhancing import Enhancer, Spectra, pressed
from fukami.layers.pooling import valid

CARD = ModelCard(
    name="mask-unet",
    summary="a U-Net over the spectrum that says what is to be kept; quick and steady",
    takes=("noisy",),
    gives=("sound",),
    sizes={
        "tiny": {"width": 8, "depth": 2},
        "small": {"width": 16, "depth": 3},
        "base": {"width": 32, "depth": 4},
    },
    size="small",
    parameters={"noisy": {"tiny": 24_074, "small": 390_802, "base": 3_330_850}},
    small={"width": 4, "depth": 1},
    options={"width": 16, "depth": 3},
    quick_for=("noisy",),
    learning={"learning_rate": 3e-3, "weight_decay": 0.01, "clip_norm": 5.0},
    source="Jansson et al. 2017, ISMIR; Williamson et al. 2016, IEEE/ACM TASLP; by hand",
)


def build(spec: AudioSpec, *, gives: str = "sound", target: None = None, width: int = 16, depth: int = 3) -> nn.Module:
    """See `MaskUnet`."""
    return MaskUnet(spec, width=width, depth=depth)


class MaskUnet(Enhancer):
    """A whole model of sounds.

    Args:
        spec: how long a frame is.
        width: channels of the first level; each has twice as many as the one before, at most eight times as many.
        depth: how often time and frequency are halved.
    """

    def __init__(self, spec: AudioSpec, *, width: int, depth: int):
        super().__init__()
        self.spectra = Spectra(size_of(spec.window))
        sizes = [width * min(2**level, 8) for level in range(depth + 1)]
        self.first = Layer(3, width, 1)
        self.down = nn.ModuleList(Layer(a, b, 2) for a, b in pairwise(sizes))
        self.deep = Layer(sizes[-1], sizes[-1], 1)
        self.up = nn.ModuleList(Layer(b + a, a, 1) for a, b in reversed(list(pairwise(sizes))))
        self.mask = nn.Conv2d(width, 2, 1)

    def cleaned(self, x_BL: torch.Tensor, lengths_B: torch.Tensor) -> torch.Tensor:
        found_B2TK = self.spectra(x_BL)
        mask_B2TK = self._mask(found_B2TK, self.spectra.frames(lengths_B))
        (a, b), (c, d) = found_B2TK.unbind(1), mask_B2TK.unbind(1)
        return self.spectra.inverse(torch.stack([a * c - b * d, a * d + b * c], 1), x_BL.shape[1])

    def _mask(self, found_B2TK: torch.Tensor, frames_B: torch.Tensor) -> torch.Tensor:
        """What each place is multiplied by, both parts between -2 and 2."""
        loud_BTK, parts_B2TK = pressed(found_B2TK)
        frames, levels = [frames_B], []
        real_B1T1 = valid(frames_B, loud_BTK.shape[1])[:, None, :, None]
        x_BCTK = self.first(torch.cat([loud_BTK.unsqueeze(1), parts_B2TK], 1) * real_B1T1, frames_B)
        for layer in self.down:
            levels.append(x_BCTK)
            frames.append(torch.div(frames[-1] + 1, 2, rounding_mode="floor"))
            x_BCTK = layer(x_BCTK, frames[-1])
        x_BCTK = x_BCTK + self.deep(x_BCTK, frames[-1])
        for layer in self.up:
            beside = levels.pop()
            frames.pop()
            wider = F.interpolate(x_BCTK, scale_factor=2.0, mode="nearest")[:, :, : beside.shape[2], : beside.shape[3]]
            x_BCTK = layer(torch.cat([wider, beside], 1), frames[-1])
        return 2 * torch.tanh(self.mask(x_BCTK) / 2)

    def layer_groups(self) -> list[list[nn.Parameter]]:
        """Level by level, down and up again."""
        parts = [self.first, *self.down, self.deep, *self.up, self.mask]
        return [list(part.parameters()) for part in parts]


class Layer(nn.Module):
    """A convolution, batch normalisation, SiLU; 0 after the end."""

    def __init__(self, given: int, channels: int, stride: int):
        super().__init__()
        self.conv = nn.Conv2d(given, channels, 3, stride, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, x_BCTK: torch.Tensor, frames_B: torch.Tensor) -> torch.Tensor:
        x_BCTK = F.silu(self.norm(self.conv(x_BCTK)))
        return x_BCTK * valid(frames_B, x_BCTK.shape[2])[:, None, :, None]

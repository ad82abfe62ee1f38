"""A convolutional network that hears spectrograms: Kong et al. 2020, PANNs, arXiv:1912.10211, its Cnn6 and Cnn10 made small.

A convolution that halves time and frequency, then blocks of 3 × 3 convolutions, each halved again; the mean over frequencies,
then the mean and the maximum over time side by side. What differs: fewer and narrower blocks; the spectrogram is standardised
rather than normalised by the batch; a channel that tells where on the scale a place is; what lies after a recording's end is 0
after each layer, so that padding changes nothing.

Figures: see `recipes/sounds.py`. Shapes: B batch, T frames, F bands, C channels, D features.
"""

from itertools import pairwise

import torch
from torch import nn

from fukami.core.cards import ModelCard
from fukami.fields.audio.features import Ear
from fukami.fields.audio.spec import AudioSpec, Waves

CARD = ModelCard(
    name="audio-cnn",
    summary="small convolutional network over the spectrogram; the quickest way to a good answer on sounds",
    takes=("audio",),
    gives=("vector",),
    sizes={
        "tiny": {"width": 8, "blocks": 2, "depth": 1},
        "small": {"width": 16, "blocks": 3, "depth": 2},
        "base": {"width": 32, "blocks": 4, "depth": 2},
        "large": {"width": 64, "blocks": 4, "depth": 2},
    },
    size="small",
    parameters={"audio": {"tiny": 2_184, "small": 74_992, "base": 1_183_200, "large": 4_725_696}},
    options={"width": 16, "blocks": 3, "depth": 2, "dropout": 0.2},
    quick_for=("audio",),
    typical_for=("audio",),
    learning={"optimizer": "muon", "learning_rate": 1e-2, "momentum": 0.95, "weight_decay": 0.05},
    source="Kong et al. 2020, arXiv:1912.10211; by hand",
)


def build(
    spec: AudioSpec, *, gives: str = "vector", width: int = 16, blocks: int = 3, depth: int = 2, dropout: float = 0.2
) -> nn.Module:
    """A stem and blocks.

    Args:
        spec: how recordings are heard.
        gives: `vector`.
        width: channels of the stem and of the first block; each has twice as many as the one before.
        blocks: how often the spectrogram is halved again, as far as it has bands.
        depth: convolutions of each block.
        dropout: share of the features dropped in training.
    """
    return AudioCnn(spec, width=width, blocks=blocks, depth=depth, dropout=dropout)


class Block(nn.Module):
    """Convolutions, each followed by batch normalisation and ReLU, then a halving."""

    def __init__(self, channels: int, out_channels: int, depth: int):
        super().__init__()
        sizes = [channels, *[out_channels] * depth]
        self.convs = nn.ModuleList(nn.Conv2d(a, b, 3, padding=1, bias=False) for a, b in pairwise(sizes))
        self.norms = nn.ModuleList(nn.BatchNorm2d(out_channels) for _ in range(depth))
        self.halve = nn.MaxPool2d(2, ceil_mode=True)

    def forward(self, x_BCTF: torch.Tensor, frames_B: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        real_B1T1 = real(frames_B, x_BCTF)
        for conv, norm in zip(self.convs, self.norms, strict=True):
            x_BCTF = norm(conv(x_BCTF)).relu() * real_B1T1
        return self.halve(x_BCTF), halved(frames_B)


def halved(frames_B: torch.Tensor) -> torch.Tensor:
    """Frames after a halving, of which a single one stays one."""
    return torch.div(frames_B + 1, 2, rounding_mode="floor")


def real(frames_B: torch.Tensor, x_BCTF: torch.Tensor) -> torch.Tensor:
    """1 at the frames before the end, 0 after it (B, 1, T, 1)."""
    inside_BT = torch.arange(x_BCTF.shape[2], device=x_BCTF.device) < frames_B.unsqueeze(1)
    return inside_BT.to(x_BCTF.dtype)[:, None, :, None]


class AudioCnn(nn.Module):
    """`Waves` → `features_BD`."""

    place: torch.Tensor

    def __init__(self, spec: AudioSpec, *, width: int, blocks: int, depth: int, dropout: float):
        super().__init__()
        self.ear = Ear(spec)
        self.register_buffer("place", torch.linspace(-1, 1, spec.heard), persistent=False)
        blocks = max(1, min(blocks, spec.heard.bit_length() - 3))
        sizes = [width, *(width * 2**number for number in range(blocks))]
        self.stem = nn.Conv2d(2, width, 5, stride=2, padding=2)
        self.blocks = nn.ModuleList(Block(a, b, depth) for a, b in pairwise(sizes))
        self.dropout = nn.Dropout(dropout)
        self.num_features = 2 * sizes[-1]

    def forward(self, waves: Waves) -> torch.Tensor:
        x_BTF, frames_B = self.ear(waves)
        place_BTF = self.place.to(x_BTF.dtype).expand_as(x_BTF)
        x_BCTF = torch.stack([x_BTF, place_BTF], dim=1)
        x_BCTF = x_BCTF * real(frames_B, x_BCTF)
        x_BCTF, frames_B = self.stem(x_BCTF).relu(), halved(frames_B)
        x_BCTF = x_BCTF * real(frames_B, x_BCTF)
        for block in self.blocks:
            x_BCTF, frames_B = block(x_BCTF, frames_B)
        x_BCT = x_BCTF.mean(3)
        mean_BC = x_BCT.sum(2) / frames_B.unsqueeze(1)
        return self.dropout(torch.cat([mean_BC, x_BCT.amax(2)], dim=1))

    def layer_groups(self) -> list[list[nn.Parameter]]:
        """The stem, then each block."""
        return [list(self.stem.parameters()), *(list(block.parameters()) for block in self.blocks)]

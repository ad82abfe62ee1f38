"""Filters that are learned in the place of a spectrum, and dilated convolutions that say what of them is kept: Luo and
Mesgarani 2019, Conv-TasNet, for one source.

What differs: norms over the channels of a step (their cLN without the sum over the past), so that neither padding nor company
changes an answer; one path from block to block, without skips to the end.

Figures: see `recipes/enhancing.py`. Shapes: B batch, C channels, T steps, L samples.
"""

import torch
from torch import nn
from torch.nn import functional as F

from fukami.core.cards import ModelCard
from fukami.fields.audio.spec import AudioSpec
from fukami.layers.enhancing import Enhancer
from fukami.layers.pooling import valid

CARD = ModelCard(
    name="conv-tasnet",
    summary="learned filters and dilated convolutions on the wave itself; slower, without a spectrum's frames",
    takes=("noisy",),
    gives=("sound",),
    sizes={
        "tiny": {"filters": 64, "width": 32, "depth": 4, "repeats": 1},
        "small": {"filters": 128, "width": 64, "depth": 6, "repeats": 2},
        "base": {"filters": 512, "width": 128, "depth": 8, "repeats": 3},
    },
    size="small",
    parameters={"noisy": {"tiny": 25_192, "small": 232_152, "base": 1_780_400}},
    small={"filters": 16, "width": 8, "depth": 2},
    options={"filters": 128, "width": 64, "depth": 6, "repeats": 2},
    learning={"learning_rate": 2e-3, "weight_decay": 0.0, "clip_norm": 5.0},
    source="Luo and Mesgarani 2019, arXiv:1809.07454; by hand",
)

TAPS = 16
"""Samples of a filter; the next begins half of it later."""


def build(
    spec: AudioSpec,
    *,
    gives: str = "sound",
    target: None = None,
    filters: int = 128,
    width: int = 64,
    depth: int = 6,
    repeats: int = 2,
) -> nn.Module:
    """See `ConvTasnet`."""
    return ConvTasnet(filters=filters, width=width, depth=depth, repeats=repeats)


class ConvTasnet(Enhancer):
    """A whole model of sounds.

    Args:
        filters: that stand for a spectrum.
        width: channels between blocks, which are twice as wide inside.
        depth: blocks, each of which looks twice as far as the one before.
        repeats: how often these follow one another.
    """

    def __init__(self, *, filters: int, width: int, depth: int, repeats: int):
        super().__init__()
        self.ahead = nn.Conv1d(1, filters, TAPS, TAPS // 2, bias=False)
        self.norm, self.narrow = nn.LayerNorm(filters), nn.Conv1d(filters, width, 1)
        self.blocks = nn.ModuleList(Block(width, 2 * width, 2**step) for _again in range(repeats) for step in range(depth))
        self.mask = nn.Conv1d(width, filters, 1)
        self.back = nn.ConvTranspose1d(filters, 1, TAPS, TAPS // 2, bias=False)

    def cleaned(self, x_BL: torch.Tensor, lengths_B: torch.Tensor) -> torch.Tensor:
        padded = F.pad(x_BL, (TAPS // 2, TAPS))
        found_BCT = F.relu(self.ahead(padded.unsqueeze(1)))
        steps_B = torch.div(lengths_B + TAPS - 1, TAPS // 2, rounding_mode="floor")
        real_B1T = valid(steps_B, found_BCT.shape[2]).unsqueeze(1)
        x_BCT = self.narrow(normed(self.norm, found_BCT)) * real_B1T
        for block in self.blocks:
            x_BCT = block(x_BCT, real_B1T)
        kept_BCT = found_BCT * torch.sigmoid(self.mask(F.relu(x_BCT)))
        return self.back(kept_BCT).squeeze(1)[:, TAPS // 2 : TAPS // 2 + x_BL.shape[1]]

    def layer_groups(self) -> list[list[nn.Parameter]]:
        """The filters, each block, the mask and the way back."""
        first = [*self.ahead.parameters(), *self.norm.parameters(), *self.narrow.parameters()]
        return [first, *(list(b.parameters()) for b in self.blocks), [*self.mask.parameters(), *self.back.parameters()]]


class Block(nn.Module):
    """Wider, along time with holes, and narrow again; added to what came in."""

    def __init__(self, width: int, inner: int, holes: int):
        super().__init__()
        self.wide, self.narrow = nn.Conv1d(width, inner, 1), nn.Conv1d(inner, width, 1)
        self.along = nn.Conv1d(inner, inner, 3, padding=holes, dilation=holes, groups=inner)
        self.act = nn.ModuleList(nn.PReLU() for _layer in range(2))
        self.norms = nn.ModuleList(nn.LayerNorm(inner) for _layer in range(2))

    def forward(self, x_BCT: torch.Tensor, real_B1T: torch.Tensor) -> torch.Tensor:
        y_BCT = normed(self.norms[0], self.act[0](self.wide(x_BCT))) * real_B1T
        y_BCT = normed(self.norms[1], self.act[1](self.along(y_BCT)))
        return x_BCT + self.narrow(y_BCT) * real_B1T


def normed(norm: nn.Module, x_BCT: torch.Tensor) -> torch.Tensor:
    """The norm over the channels of each step."""
    return norm(x_BCT.transpose(1, 2)).transpose(1, 2)

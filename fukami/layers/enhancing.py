"""What models that take noise out of recordings share: how they are asked, what they learn by, and spectra there and back.

B batch, L samples, T frames, K bins.
"""

from abc import abstractmethod
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from fukami.fields.audio.spec import Waves
from fukami.layers.pooling import valid

MOST_DB = 25.0
"""A recording that is above its errors by so much is nearly as good as can be: what is better counts little in learning, as
with the soft threshold of Wisdom et al. 2020, arXiv:2006.12701."""


class Restored(NamedTuple):
    """`values_BL` without noise, 0 after the end; what was `given_BL`; `lengths_B`."""

    values: torch.Tensor
    given: torch.Tensor
    lengths: torch.Tensor


class Enhancer(nn.Module):
    """A whole model of sounds: `cleaned` takes recordings of loudness 1 and gives them without noise."""

    @abstractmethod
    def cleaned(self, x_BL: torch.Tensor, lengths_B: torch.Tensor) -> torch.Tensor:
        """`(B, L)`; after the end anything."""

    def forward(self, waves: Waves) -> Restored:
        real_BL = valid(waves.lengths, waves.values.shape[1])
        loud_B1 = (waves.values.square().sum(1) / waves.lengths.clamp(min=1)).clamp(min=1e-10).sqrt().unsqueeze(1)
        found_BL = self.cleaned(waves.values / loud_B1, waves.lengths) * loud_B1 * real_BL
        return Restored(found_BL, waves.values, waves.lengths)

    def losses(self, inputs: dict[str, Any], targets: dict[str, Any], rng: torch.Generator) -> dict[str, torch.Tensor]:
        """How many decibels each recording's SI-SDR is below 25 (B)."""
        (waves,), (clean,) = inputs.values(), targets.values()
        return {"missing_db": missing_db(self(waves).values, clean.values)}

    def answers(self, inputs: dict[str, Any], rng: torch.Generator, options: Any) -> Restored:
        (waves,) = inputs.values()
        return self(waves)


def missing_db(found_BL: torch.Tensor, clean_BL: torch.Tensor) -> torch.Tensor:
    """25 dB less the scale-invariant ratio of signal to distortion (Le Roux et al. 2019, arXiv:1811.02508), (B).

    >>> clean = torch.tensor([[1.0, 0.0]])
    >>> round(float(missing_db(torch.tensor([[3.0, 3.0]]), clean)), 1)  # as loud as its error, 0 dB
    25.0
    """
    length = min(found_BL.shape[1], clean_BL.shape[1])
    found_BL, clean_BL = found_BL[:, :length].float(), clean_BL[:, :length].float()
    share_B1 = (found_BL * clean_BL).sum(1, keepdim=True) / clean_BL.square().sum(1, keepdim=True).clamp(min=1e-10)
    signal_B, error_B = (share_B1 * clean_BL).square().sum(1), (found_BL - share_B1 * clean_BL).square().sum(1)
    least = 10 ** (-MOST_DB / 10)
    return MOST_DB + 10 * torch.log10((error_B + least * signal_B + 1e-10) / (signal_B + 1e-10))


class Spectra(nn.Module):
    """Short spectra of recordings and back again, as convolutions, so that every graph can hold them.

    Frames of `size` samples begin each quarter of it, under a Hann window on either way; what goes there comes back as it was.
    """

    ahead: torch.Tensor
    back: torch.Tensor

    def __init__(self, size: int):
        super().__init__()
        self.size, self.hop, self.bins = size, size // 4, size // 2 + 1
        at = np.outer(np.arange(self.bins), np.arange(size)) * 2 * np.pi / size
        window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)
        twice = np.where((np.arange(self.bins) == 0) | (np.arange(self.bins) == size // 2), 1, 2)[:, None]
        basis = np.concatenate([np.cos(at), -np.sin(at)])
        inverse = np.concatenate([np.cos(at) * twice, -np.sin(at) * twice]) / size
        self.register_buffer("ahead", torch.from_numpy(basis * window)[:, None].float(), persistent=False)
        self.register_buffer("back", torch.from_numpy(inverse * window / 1.5)[:, None].float(), persistent=False)

    def forward(self, x_BL: torch.Tensor) -> torch.Tensor:
        """`(B, 2, T, K)`, real and imaginary parts; as many frames as touch a sample."""
        padded = F.pad(x_BL, (self.size - self.hop, self.size))
        found = F.conv1d(padded.unsqueeze(1), self.ahead, stride=self.hop)
        return found.unflatten(1, (2, self.bins)).transpose(2, 3)

    def inverse(self, found_B2TK: torch.Tensor, length: int) -> torch.Tensor:
        """`(B, L)` of `length` samples."""
        flat = found_B2TK.transpose(2, 3).flatten(1, 2)
        wave = F.conv_transpose1d(flat, self.back, stride=self.hop).squeeze(1)
        return wave[:, self.size - self.hop : self.size - self.hop + length]

    def frames(self, lengths_B: torch.Tensor) -> torch.Tensor:
        """Frames that touch a sample of recordings of so many."""
        return torch.div(lengths_B + self.size - 1, self.hop, rounding_mode="floor")


def pressed(found_B2TK: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The logarithm of how loud each place is (B, T, K), and both parts with the range of loudness pressed together."""
    loud_BTK = (found_B2TK.square().sum(1) + 1e-6).sqrt()
    return loud_BTK.log(), found_B2TK * loud_BTK.unsqueeze(1) ** -0.7

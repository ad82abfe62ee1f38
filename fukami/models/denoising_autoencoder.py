"""A few frames of a spectrum through a narrow place, and out comes what of the middle one is kept: Lu et al. 2013.

What differs: it gives a mask rather than the spectrum itself, so that phases are there, and is learned by the ratio of signal
to distortion of the wave; layers are learned at once rather than one after the other.

Figures: see `recipes/enhancing.py`. Shapes: B batch, T frames, K bins, L samples.
"""

import torch
from torch import nn

from fukami.core.cards import ModelCard
from fukami.fields.audio.features import size_of
from fukami.fields.audio.spec import AudioSpec
from fukami.layers.enhancing import Enhancer, Spectra, pressed
from fukami.layers.pooling import valid

CARD = ModelCard(
    name="denoising-autoencoder",
    summary="a few frames through a narrow place; the simplest that learns",
    takes=("noisy",),
    gives=("sound",),
    sizes={"tiny": {"width": 64, "code": 32}, "small": {"width": 256, "code": 64}, "base": {"width": 512, "code": 128}},
    size="small",
    parameters={"noisy": {"tiny": 136_611, "small": 560_451, "base": 1_185_667}},
    small={"width": 16, "code": 8},
    options={"width": 256, "code": 64, "reach": 7},
    learning={"learning_rate": 2e-3, "weight_decay": 0.01, "clip_norm": 5.0},
    source="Lu et al. 2013, Interspeech; by hand",
)


def build(
    spec: AudioSpec, *, gives: str = "sound", target: None = None, width: int = 256, code: int = 64, reach: int = 7
) -> nn.Module:
    """See `DenoisingAutoencoder`."""
    return DenoisingAutoencoder(spec, width=width, code=code, reach=reach)


class DenoisingAutoencoder(Enhancer):
    """A whole model of sounds.

    Args:
        spec: how long a frame is.
        width: units of the layers around the narrow place.
        code: units of the narrow place.
        reach: frames that are looked at together, an odd number.
    """

    def __init__(self, spec: AudioSpec, *, width: int, code: int, reach: int):
        super().__init__()
        self.spectra = Spectra(size_of(spec.window))
        bins = self.spectra.bins
        self.norm = nn.LayerNorm(bins)
        self.together = nn.Conv1d(bins, width, reach, padding=reach // 2)
        inner = nn.SiLU(), nn.Linear(width, code), nn.SiLU(), nn.Linear(code, width), nn.SiLU()
        self.through = nn.Sequential(*inner, nn.Linear(width, bins))

    def cleaned(self, x_BL: torch.Tensor, lengths_B: torch.Tensor) -> torch.Tensor:
        found_B2TK = self.spectra(x_BL)
        loud_BTK, _parts = pressed(found_B2TK)
        real_BT1 = valid(self.spectra.frames(lengths_B), loud_BTK.shape[1]).unsqueeze(2)
        seen_BTW = self.together((self.norm(loud_BTK) * real_BT1).transpose(1, 2)).transpose(1, 2)
        mask_BTK = torch.sigmoid(self.through(seen_BTW))
        return self.spectra.inverse(found_B2TK * mask_BTK.unsqueeze(1), x_BL.shape[1])

    def layer_groups(self) -> list[list[nn.Parameter]]:
        """What looks at frames, then the narrow place."""
        return [[*self.norm.parameters(), *self.together.parameters()], list(self.through.parameters())]

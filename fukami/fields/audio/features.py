"""What is heard in recordings: spectrograms in decibels on the mel scale, and cepstral coefficients, of whole batches at once.

The same figures as librosa 0.11 gives (`power_to_db(feature.melspectrogram(…))` and `feature.mfcc`; tests/parity), computed
with `torch.stft` where the batch lies. Silence stands before and after a recording, so frames are the same whatever it is
padded with: frame t is around sample t · hop, and L samples have 1 + L // hop frames.

Mel scale and filters: Slaney 1998, Auditory Toolbox. Shapes: B batch, L samples, T frames, K bins of a spectrum, F bands.
"""

import warnings
from functools import cache

import numpy as np
import torch
from torch import nn

from fukami.fields.audio.spec import AudioSpec, Waves

LEAST = 1e-10
"""Power below which there is silence, -100 dB."""
DEPTH_DB = 80.0
"""What is further below a recording's loudest place is as silent as that."""
warnings.filterwarnings("ignore", "Torchinductor does not support code generation for complex operators")  # it falls back
_KNEE_HZ, _STEP_HZ, _PER_LOG = 1000.0, 200.0 / 3, np.log(6.4) / 27


def mel_of(hz: np.ndarray) -> np.ndarray:
    """Hertz on the mel scale: even up to 1 kHz, by the logarithm above.

    >>> mel_of(np.array([200.0, 1000.0, 6400.0])).round(3).tolist()
    [3.0, 15.0, 42.0]
    """
    hz = np.asarray(hz, np.float64)
    above = np.log(np.maximum(hz, _KNEE_HZ) / _KNEE_HZ) / _PER_LOG
    return np.where(hz < _KNEE_HZ, hz / _STEP_HZ, _KNEE_HZ / _STEP_HZ + above)


def hz_of(mel: np.ndarray) -> np.ndarray:
    """The opposite.

    >>> hz_of(mel_of(np.array([50.0, 4000.0]))).round(6).tolist()
    [50.0, 4000.0]
    """
    mel, knee = np.asarray(mel, np.float64), _KNEE_HZ / _STEP_HZ
    return np.where(mel < knee, mel * _STEP_HZ, _KNEE_HZ * np.exp((np.maximum(mel, knee) - knee) * _PER_LOG))


def edges_hz(spec: AudioSpec) -> np.ndarray:
    """Where the bands begin, peak and end: F + 2 frequencies, of which band f has those from f to f + 2."""
    low, high = mel_of(np.array([spec.low_hz, spec.high_hz or spec.rate_hz / 2]))
    return hz_of(np.linspace(low, high, spec.bands + 2))


def size_of(window: int) -> int:
    """Samples that a spectrum is computed of: the next power of two.

    >>> size_of(200), size_of(256)
    (256, 256)
    """
    return 1 << max(window - 1, 1).bit_length()


@cache
def filters(spec: AudioSpec) -> torch.Tensor:
    """`weights_KF` float64: triangles over the bins of a spectrum, each of the same area."""
    bins_K = np.fft.rfftfreq(size_of(spec.window), 1 / spec.rate_hz)
    edges = edges_hz(spec)
    left, peak, right = edges[:-2], edges[1:-1], edges[2:]
    rising_KF = (bins_K[:, None] - left) / (peak - left)
    falling_KF = (right - bins_K[:, None]) / (right - peak)
    weights_KF = np.maximum(0, np.minimum(rising_KF, falling_KF)) * (2 / (right - left))
    return torch.from_numpy(weights_KF)


@cache
def cosines(bands: int, coefficients: int) -> torch.Tensor:
    """`weights_FC` float64: the orthonormal cosine transform (DCT-II) of F bands, its first C coefficients."""
    place_F = (np.arange(bands) + 0.5) / bands
    weights_FC = np.cos(np.pi * place_F[:, None] * np.arange(coefficients)) * np.sqrt(2 / bands)
    weights_FC[:, 0] /= np.sqrt(2)
    return torch.from_numpy(weights_FC)


def frames_of(lengths_B: torch.Tensor, hop: int) -> torch.Tensor:
    """How many frames recordings of so many samples have.

    >>> frames_of(torch.tensor([0, 159, 160]), 160).tolist()
    [1, 1, 2]
    """
    return 1 + torch.div(lengths_B, hop, rounding_mode="floor")


class LogMel(nn.Module):
    """`Waves` → decibels (B, T, F)."""

    window: torch.Tensor
    weights: torch.Tensor

    def __init__(self, spec: AudioSpec):
        super().__init__()
        self.size, self.hop = size_of(spec.window), spec.hop
        self.register_buffer("window", torch.hann_window(spec.window), persistent=False)
        self.register_buffer("weights", filters(spec).float(), persistent=False)

    def power(self, values_BL: torch.Tensor) -> torch.Tensor:
        """The power in each bin of each frame (B, K, T)."""
        padded = nn.functional.pad(values_BL, (self.size // 2, self.size // 2))
        found = torch.stft(
            padded, self.size, self.hop, len(self.window), self.window, center=False, normalized=False, return_complex=True
        )
        return torch.view_as_real(found).square().sum(3)

    def forward(self, values_BL: torch.Tensor) -> torch.Tensor:
        with torch.autocast(values_BL.device.type, enabled=False):
            power_BTF = self.power(values_BL.to(self.window.dtype)).transpose(1, 2) @ self.weights
            decibels_BTF = 10 * torch.log10(power_BTF.clamp(min=LEAST))
            return torch.maximum(decibels_BTF, decibels_BTF.amax((1, 2), keepdim=True) - DEPTH_DB)


class Ear(nn.Module):
    """The first layer of models that hear spectrograms: `Waves` → `x_BTF`, standardised, 0 after the end, and `frames_B`.

    What it hears first (`mel`) is where explanations follow a recording.
    """

    mean: torch.Tensor
    std: torch.Tensor
    turned: torch.Tensor

    def __init__(self, spec: AudioSpec):
        super().__init__()
        self.mel, self.hop = LogMel(spec), spec.hop
        turned = cosines(spec.bands, spec.coefficients) if spec.coefficients else torch.empty(0)
        self.register_buffer("turned", turned.float(), persistent=False)
        self.register_buffer("mean", torch.tensor(spec.mean or (-40.0,) * spec.heard), persistent=False)
        self.register_buffer("std", torch.tensor(spec.std or (20.0,) * spec.heard), persistent=False)

    def forward(self, waves: Waves) -> tuple[torch.Tensor, torch.Tensor]:
        x_BTF, frames_B = self.raw(waves)
        real_BT1 = (torch.arange(x_BTF.shape[1], device=x_BTF.device) < frames_B.unsqueeze(1)).unsqueeze(2)
        return ((x_BTF - self.mean) / self.std) * real_BT1, frames_B

    def raw(self, waves: Waves) -> tuple[torch.Tensor, torch.Tensor]:
        """Decibels or coefficients as they are, after the end anything, and how many frames are real."""
        x_BTF = self.mel(waves.values)
        return (x_BTF @ self.turned if len(self.turned) else x_BTF), frames_of(waves.lengths, self.hop)

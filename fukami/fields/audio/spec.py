"""What a model of recordings has to know of them, and the batch that it is given."""

from dataclasses import dataclass
from typing import NamedTuple, Self

import torch

from fukami.core.specs import Spec


class Waves(NamedTuple):
    """A batch of recordings: `values_BL` float32 between -1 and 1, 0 after the end; `lengths_B` int64, in samples."""

    values: torch.Tensor
    lengths: torch.Tensor


@dataclass(frozen=True)
class AudioSpec(Spec):
    """Recordings as `Waves(values_BL, lengths_B)` of `rate_hz` samples a second, and how they are heard as a spectrogram.

    A frame is `window` samples, the next begins `hop` later; `bands` lie evenly on the mel scale between `low_hz` and
    `high_hz`. With `coefficients` above 0 a network hears that many cepstral coefficients (MFCC) rather than bands. `mean` and
    `std` are those of the training recordings, in decibels, for each band or coefficient.
    """

    rate_hz: int
    window: int
    hop: int
    bands: int
    low_hz: float = 0.0
    high_hz: float = 0.0
    coefficients: int = 0
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    kind: str = "audio"

    @property
    def heard(self) -> int:
        """F: how many numbers a network hears of a frame."""
        return self.coefficients or self.bands

    @classmethod
    def reference(cls) -> Self:
        return cls(rate_hz=16_000, window=400, hop=160, bands=64)

    @classmethod
    def small(cls) -> Self:
        return cls(rate_hz=800, window=40, hop=16, bands=12)

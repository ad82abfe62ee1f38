"""Noise laid under clean recordings, by stated levels: how far speech is above noise, in decibels over the whole recording.

B recordings, L samples.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import torch

from fukami.core.errors import DataError, UsageError
from fukami.core.language import _
from fukami.fields.audio import decode

DRAWN = ("white", "pink")


def levels(text: str) -> list[float]:
    """The levels that are written with commas.

    >>> levels("0, 5,10")
    [0.0, 5.0, 10.0]
    """
    try:
        found = [float(part) for part in text.split(",")]
    except ValueError:
        found = []
    if not found or not all(-100 <= one <= 100 for one in found):
        raise UsageError(
            "F-NOISE-SNR", _("these are no levels of noise"), where="snr", expected="0,5,10", got=text, fix="--set snr=0,5"
        )
    return found


def mixed(
    clean_BL: torch.Tensor, lengths_B: torch.Tensor, rng: torch.Generator, *, noise: str, snr: str, rate: int
) -> torch.Tensor:
    """`noisy_BL`: each recording with noise of its own at one of the levels; 0 after the end."""
    chosen = torch.tensor(levels(snr), device=clean_BL.device)
    at_B = torch.randint(len(chosen), (len(clean_BL),), generator=rng, device=rng.device).to(clean_BL.device)
    real_BL = torch.arange(clean_BL.shape[1], device=clean_BL.device) < lengths_B.unsqueeze(1)
    noise_BL = _noise(clean_BL, rng, noise, rate) * real_BL
    power_B, loud_B = clean_BL.square().sum(1), noise_BL.square().sum(1).clamp(min=1e-12)
    scale_B = (power_B / loud_B * 10 ** (-chosen[at_B] / 10)).sqrt()
    return clean_BL + noise_BL * scale_B.unsqueeze(1)


def _noise(like_BL: torch.Tensor, rng: torch.Generator, kind: str, rate: int) -> torch.Tensor:
    if kind not in DRAWN:
        return _cut(like_BL, rng, recordings(kind, rate))
    white_BL = torch.randn(like_BL.shape, generator=rng, device=rng.device).to(like_BL.device)
    if kind == "white" or not like_BL.shape[1]:
        return white_BL
    spectrum_BK = torch.fft.rfft(white_BL)
    hz_K = torch.fft.rfftfreq(like_BL.shape[1], 1 / rate, device=like_BL.device)
    return torch.fft.irfft(spectrum_BK / hz_K.clamp(min=20).sqrt(), n=like_BL.shape[1])


def _cut(like_BL: torch.Tensor, rng: torch.Generator, waves: tuple[np.ndarray, ...]) -> torch.Tensor:
    """A stretch of a recorded noise for each, repeated where the noise is shorter."""
    number_B, place_B = (torch.rand(len(like_BL), generator=rng, device=rng.device).cpu() for _ in range(2))
    found, length = [], like_BL.shape[1]
    for number, place in zip(number_B.tolist(), place_B.tolist(), strict=True):
        wave = waves[min(int(number * len(waves)), len(waves) - 1)]
        start = int(place * len(wave))
        found.append(np.take(wave, np.arange(start, start + length), mode="wrap"))
    return torch.from_numpy(np.stack(found)).to(like_BL.device, like_BL.dtype)


@lru_cache(maxsize=4)
def recordings(folder: str, rate: int) -> tuple[np.ndarray, ...]:
    """The recordings of a folder at `rate`, float32. Raises `UsageError` F-NOISE-FOLDER where there is none."""
    place = Path(folder).expanduser()
    found = []
    for path in sorted(place.rglob("*")) if place.is_dir() else ():
        if path.suffix.lower() in (".wav", ".flac", ".ogg", ".mp3"):
            try:
                heard_LC, own, _missing = decode.heard(str(path), None, str(path))
            except DataError:
                continue
            wave = decode.as_wave(heard_LC, own, rate, "mix").astype(np.float32) / 32768
            if len(wave) and np.abs(wave).max() > 0:
                found.append(wave)
    if not found:
        raise UsageError(
            "F-NOISE-FOLDER",
            _("there is no such noise"),
            where="mixed",
            expected=_("white, pink, or a folder with recordings of noise"),
            got=folder,
            fix="--set mixed=white",
        )
    return tuple(found)

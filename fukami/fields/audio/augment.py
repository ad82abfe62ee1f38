"""Training recordings varied, whole batches on their device: louder or softer, faster or slower, with noise, with parts hidden.

Hiding bands and stretches is SpecAugment (Park et al. 2019, arXiv:1904.08779). What differs: it is done to the wave, so models
that hear waves have it as well, and what is hidden is silent rather than the mean; explanations take parts away likewise.
Changing speed is Ko et al. 2015 with linear interpolation; pitch goes with it. Shapes: B batch, L samples, K bins.
"""

from typing import Any

import torch

from fukami.fields.audio.spec import Waves

QUIETEST_DB, LOUDEST_DB = 40.0, 5.0
"""How far noise lies below a recording, at least and at most."""


def augmented(waves: Waves, rng: torch.Generator, options: Any, rate_hz: int) -> Waves:
    """Varied as the options of the field say; lengths follow the speed."""
    if options.speed:
        waves = _at_other_speeds(waves, rng, options.speed)
    values_BL, real_BL = waves.values, _real(waves)
    if options.band_mask:
        values_BL = _without_band(values_BL, rng, options.band_mask)
    if options.time_mask:
        values_BL = values_BL * ~_stretch(waves, rng, options.time_mask)
    if options.noise:
        values_BL = _with_noise(values_BL, waves.lengths, rng, options.noise)
    if options.gain_db:
        change_B = (2 * _draw(waves, rng) - 1) * options.gain_db
        values_BL = values_BL * (10 ** (change_B / 20)).unsqueeze(1)
    return Waves((values_BL * real_BL).to(waves.values.dtype), waves.lengths)


def _draw(waves: Waves, rng: torch.Generator) -> torch.Tensor:
    return torch.rand(len(waves.lengths), generator=rng, device=rng.device).to(waves.values.device)


def _real(waves: Waves) -> torch.Tensor:
    return torch.arange(waves.values.shape[1], device=waves.values.device) < waves.lengths.unsqueeze(1)


def _at_other_speeds(waves: Waves, rng: torch.Generator, most: float) -> Waves:
    """Each recording faster or slower by up to the share `most`."""
    speed_B = 1 + (2 * _draw(waves, rng) - 1) * most
    lengths_B = (waves.lengths / speed_B).long().clamp(min=1)
    at_BL = torch.arange(int(lengths_B.max()), device=waves.values.device) * speed_B.unsqueeze(1)
    before_BL = at_BL.long().clamp(max=waves.values.shape[1] - 1)
    after_BL = (before_BL + 1).clamp(max=waves.values.shape[1] - 1)
    share_BL = (at_BL - before_BL).clamp(0, 1)
    values_BL = waves.values.gather(1, before_BL) * (1 - share_BL) + waves.values.gather(1, after_BL) * share_BL
    found = Waves(values_BL, lengths_B)
    return Waves(values_BL * _real(found), lengths_B)


def _without_band(values_BL: torch.Tensor, rng: torch.Generator, most: float) -> torch.Tensor:
    """Without one band of each, up to the share `most` of the square roots of all frequencies, which hearing is closer to."""
    spectrum_BK = torch.fft.rfft(values_BL)
    width_B, place_B = (torch.rand(len(values_BL), generator=rng, device=rng.device).to(values_BL.device) for _ in range(2))
    width_B = width_B * most
    low_B1 = (place_B * (1 - width_B)).unsqueeze(1)
    place_K = torch.linspace(0, 1, spectrum_BK.shape[1], device=values_BL.device).sqrt()
    hidden_BK = (place_K >= low_B1) & (place_K < low_B1 + width_B.unsqueeze(1))
    return torch.fft.irfft(spectrum_BK * ~hidden_BK, n=values_BL.shape[1])


def _stretch(waves: Waves, rng: torch.Generator, most: float) -> torch.Tensor:
    """One stretch of each recording, up to the share `most` of it (bool, B, L)."""
    width_B = (_draw(waves, rng) * most * waves.lengths).long()
    start_B = (_draw(waves, rng) * (waves.lengths - width_B + 1)).long()
    at_L = torch.arange(waves.values.shape[1], device=waves.values.device)
    return (at_L >= start_B.unsqueeze(1)) & (at_L < (start_B + width_B).unsqueeze(1))


def _with_noise(values_BL: torch.Tensor, lengths_B: torch.Tensor, rng: torch.Generator, share: float) -> torch.Tensor:
    """White noise under the share `share` of the recordings, by an amount of its own for each."""
    noise_BL = torch.randn(values_BL.shape, generator=rng, device=rng.device).to(values_BL.device)
    chosen_B, below_B = (torch.rand(len(values_BL), generator=rng, device=rng.device).to(values_BL.device) for _ in range(2))
    power_B = values_BL.square().sum(1) / lengths_B.clamp(min=1)
    below_B = LOUDEST_DB + below_B * (QUIETEST_DB - LOUDEST_DB)
    level_B = (power_B * 10 ** (-below_B / 10)).sqrt() * (chosen_B < share)
    return values_BL + noise_BL * level_B.unsqueeze(1)

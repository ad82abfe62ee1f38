"""Patches of a spectrogram: what an explanation of a recording weighs, how they are taken away, and the recording with them.

A patch is a stretch of time in a range of tones. It is taken away from the wave itself, which is silent there afterwards.
Shapes: P patterns, U units, L samples, K bins of a spectrum, T frames, F bands.
"""

import numpy as np
import torch
from PIL import Image as Pillow
from torch import nn

from fukami.core.language import _
from fukami.fields.audio.features import LogMel, edges_hz, frames_of
from fukami.fields.audio.render import WAVE_PX, encoded, picture_of, player, png
from fukami.fields.audio.spec import AudioSpec, Waves
from fukami.fields.units import AGAINST, FOR, Portrait, Units, Way, signed, strength

TIMES, TONES, LEAST_S = 8, 4, 0.05
"""Stretches of time and ranges of tones, at most, and seconds of the shortest stretch."""
_LISTED = 8
_SHADES = " ░▒▓█"


def units_of(waves: Waves, spec: AudioSpec) -> Units:
    """One unit for each stretch in each range; elements are the (T, F) places of the spectrogram that networks hear."""
    seconds = int(waves.lengths[0]) / spec.rate_hz
    frames = int(frames_of(torch.tensor(waves.values.shape[1]), spec.hop))
    times = max(1, min(TIMES, frames, int(seconds / LEAST_S)))
    tones = min(TONES, spec.bands)
    time_T = np.minimum(np.arange(frames) * times // frames, times - 1)
    tone_F = np.arange(spec.bands) * tones // spec.bands
    edges = edges_hz(spec)
    names, told = [], []
    for time in range(times):
        begin, end = (np.flatnonzero(time_T == time)[[0, -1]] + (0, 1)) * spec.hop / spec.rate_hz
        for tone in range(tones):
            bands = np.flatnonzero(tone_F == tone)
            low, high = float(edges[bands[0]]), float(edges[bands[-1] + 2])
            names.append(f"{begin:.2f}–{min(end, max(seconds, begin)):.2f} s, {low:.0f}–{high:.0f} Hz")
            told.append({"seconds": [round(float(begin), 3), round(float(end), 3)], "hertz": [round(low), round(high)]})
    return Units(tuple(names), time_T[:, None] * tones + tone_F, tuple(told), {"grid": (times, tones)})


def without(waves: Waves, units: Units, gone_PU: np.ndarray, spec: AudioSpec) -> Waves:
    """Copies of the one recording, silent in the patches of each pattern: what sounds there is subtracted."""
    hear = LogMel(spec).to(waves.values.device)
    length = waves.values.shape[1]
    told = {"n_fft": hear.size, "hop_length": spec.hop, "win_length": spec.window, "window": hear.window}
    padded = nn.functional.pad(waves.values.float(), (hear.size, hear.size + spec.hop))
    sound_1KT = torch.stft(padded, center=True, pad_mode="constant", return_complex=True, **told)
    tones = units.layout["grid"][1]
    time_T = np.clip(np.arange(sound_1KT.shape[2]) - hear.size // spec.hop, 0, len(units.of) - 1)
    bins_K = np.linspace(0, spec.rate_hz / 2, sound_1KT.shape[1])
    peaks_F = edges_hz(spec)[1:-1]
    band_K = np.abs(bins_K[:, None] - peaks_F).argmin(1)
    unit_KT = units.of[time_T, 0] + (units.of[0, band_K] % tones)[:, None]
    gone_PKT = torch.from_numpy(gone_PU[:, unit_KT]).to(waves.values.device)
    taken_PL = torch.istft(sound_1KT * gone_PKT, center=True, length=padded.shape[1], **told)[:, hear.size : hear.size + length]
    return Waves(waves.values - taken_PL.to(waves.values.dtype), waves.lengths.expand(len(gone_PU)))


def way(waves: Waves, network: nn.Module) -> Way | None:
    """From silence, at the layer that hears a spectrogram; None where the network has none."""
    layer = next((module for module in network.modules() if isinstance(module, LogMel)), None)
    if layer is None:
        return None
    begin = Waves(torch.zeros_like(waves.values), waves.lengths)
    return Way(begin, axis=None, layer=layer)


def portrait(waves: Waves, units: Units, weights_U: np.ndarray, detail_TF: np.ndarray | None, spec: AudioSpec) -> Portrait:
    """The recording, below it its spectrogram in grey under the weights, and a player."""
    wave_L = np.rint(waves.values[0].float().cpu().numpy().clip(-1, 1) * 32767).astype(np.int16)
    times, tones = units.layout["grid"]
    coarse = weights_U.reshape(times, tones)

    def picture() -> Pillow.Image:
        return _drawn(picture_of(wave_L, spec.rate_hz), coarse if detail_TF is None else _smoothed(detail_TF))

    said = _("the recording, and what in it speaks for the answer")
    html = f'<img src="data:image/png;base64,{encoded(picture())}" alt="{said}">{player(wave_L, spec.rate_hz)}'
    shades = [" ".join(2 * _SHADES[round(4 * max(0.0, share))] for share in row) for row in strength(coarse).T[::-1]]
    order = np.argsort(-np.abs(weights_U), kind="stable")[:_LISTED]
    listed = [f"{signed(float(weights_U[u]))}  {units.names[u]}" for u in order]
    return Portrait(html, lambda: png(picture()), (*shades, *listed))


def _smoothed(detail_TF: np.ndarray) -> np.ndarray:
    """Weights of single places as they can be seen: each the mean of those around it."""
    weights = torch.from_numpy(np.ascontiguousarray(detail_TF, np.float32))[None, None]
    return nn.functional.avg_pool2d(weights, 5, stride=1, padding=2, count_include_pad=False)[0, 0].numpy()


def _drawn(plain: Pillow.Image, weights_TF: np.ndarray) -> Pillow.Image:
    """The picture as it is, and below it the spectrogram with orange for the answer and blue against it."""
    width, height = plain.width, plain.height - WAVE_PX
    heat = Pillow.fromarray(strength(weights_TF).astype(np.float32).T[::-1]).resize((width, height), Pillow.Resampling.BICUBIC)
    share = np.clip(np.asarray(heat), -1, 1)[..., None]
    grey = 0.7 * np.asarray(plain.crop((0, WAVE_PX, width, plain.height)).convert("L"), np.float32)[..., None] + 40
    colour = np.where(share >= 0, np.array(FOR, np.float32), np.array(AGAINST, np.float32))
    opacity = 0.85 * np.abs(share)
    over = Pillow.fromarray((grey * (1 - opacity) + colour * opacity).clip(0, 255).astype(np.uint8))
    both = Pillow.new("RGB", (width, plain.height + 4 + height), "white")
    both.paste(plain, (0, 0))
    both.paste(over, (0, plain.height + 4))
    return both

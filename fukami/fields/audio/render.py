"""A recording for people: its wave above its spectrogram, and a player; an HTML fragment that is complete in itself.

Shapes: L samples, T frames, F bands, H and W pixels.
"""

import base64
import io
from html import escape
from itertools import pairwise

import numpy as np
import soundfile
from PIL import Image as Pillow

from fukami.core.errors import DataError
from fukami.core.language import _
from fukami.core.tables import Column
from fukami.fields.audio import decode

WAVE_PX, BAND_PX, LEAST_PX, MOST_PX = 40, 96, 160, 480
"""Heights of the wave and of the spectrogram; widths of both, by the length of the recording."""
PLAYED_S, LISTED_HZ = 15.0, 22_050
"""Of longer recordings the beginning is played, and none at a higher rate: reports are one file."""
_DARK, _MIDDLE, _LIGHT = (18, 18, 46), (176, 52, 96), (252, 228, 160)


def rendered(column: Column, row: int) -> str:
    """The recording of a row, or why it cannot be heard."""
    column = column.take(np.array([row]))
    (cell,) = decode.raw_cells(column)
    where = decode.place(column, 0, cell)
    try:
        heard_LC, rate, _missing = decode.heard(cell, column.base, where)
    except DataError as error:
        return f"<em>{escape(error.what)}</em>"
    wave_L = decode.as_wave(heard_LC[: int(PLAYED_S * rate)], rate, min(rate, LISTED_HZ), "mix")
    return shown(wave_L, min(rate, LISTED_HZ), where)


def shown(wave_L: np.ndarray, rate: int, name: str) -> str:
    """An int16 wave, drawn and played."""
    picture = encoded(picture_of(wave_L, rate))
    return f'<img src="data:image/png;base64,{picture}" alt="{escape(name, quote=True)}">{player(wave_L, rate)}'


def player(wave_L: np.ndarray, rate: int) -> str:
    """An element that plays an int16 wave, which it holds as FLAC."""
    out = io.BytesIO()
    soundfile.write(out, wave_L, rate, format="FLAC", subtype="PCM_16")
    data = base64.b64encode(out.getvalue()).decode()
    said = escape(_("the recording, to be played"), quote=True)
    style = "display:block;width:100%;min-width:10rem;height:2rem"
    return f'<audio controls preload="none" style="{style}" aria-label="{said}" src="data:audio/flac;base64,{data}"></audio>'


def encoded(picture: Pillow.Image) -> str:
    return base64.b64encode(png(picture)).decode()


def png(picture: Pillow.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=True)
    return out.getvalue()


def picture_of(wave_L: np.ndarray, rate: int) -> Pillow.Image:
    """The wave above its spectrogram, low tones below."""
    width = int(np.clip(200 * len(wave_L) / rate, LEAST_PX, MOST_PX))
    colours = coloured(spectrogram(wave_L, rate), width)
    drawn = Pillow.new("RGB", (width, WAVE_PX + BAND_PX), "white")
    drawn.paste(Pillow.fromarray(wave_picture(wave_L, width)), (0, 0))
    drawn.paste(colours, (0, WAVE_PX))
    return drawn


def wave_picture(wave_L: np.ndarray, width: int) -> np.ndarray:
    """From the lowest to the highest sample of each column of pixels, uint8 (H, W, 3)."""
    edges = np.linspace(0, max(len(wave_L) - 1, 0), width + 1).astype(int)
    parts = [wave_L[a : max(a + 1, b)] for a, b in pairwise(edges.tolist())]
    scale = max(1, int(np.abs(wave_L.astype(np.int32)).max(initial=0)))
    low_W, high_W = (np.array([side(part) if len(part) else 0 for part in parts]) / scale for side in (np.min, np.max))
    height_H1 = np.linspace(1, -1, WAVE_PX)[:, None]
    inside_HW = (height_H1 <= high_W + 1 / WAVE_PX) & (height_H1 >= low_W - 1 / WAVE_PX)
    return np.where(inside_HW[..., None], np.array((32, 120, 214), np.uint8), np.uint8(255))


def spectrogram(wave_L: np.ndarray, rate: int) -> np.ndarray:
    """Decibels of an int16 wave as people see them best (T, F)."""
    import torch

    from fukami.fields.audio.features import LogMel
    from fukami.fields.audio.spec import AudioSpec

    spec = AudioSpec(rate, window=max(32, rate // 40), hop=max(8, rate // 100), bands=48)
    return LogMel(spec)(torch.from_numpy(wave_L.astype(np.float32) / 32768)[None])[0].numpy()


def coloured(decibels_TF: np.ndarray, width: int, height: int = BAND_PX) -> Pillow.Image:
    """Loud places light."""
    low, high = float(decibels_TF.min()), float(decibels_TF.max())
    share_FT = ((decibels_TF - low) / max(high - low, 1e-6)).T[::-1]
    colours = np.array([_DARK, _MIDDLE, _LIGHT], np.float32)
    rgb = np.stack([np.interp(share_FT, (0, 0.6, 1), colours[:, c]) for c in range(3)], axis=2)
    return Pillow.fromarray(rgb.astype(np.uint8)).resize((width, height), Pillow.Resampling.BILINEAR)

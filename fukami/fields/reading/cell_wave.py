"""A recording → one channel of 16-bit numbers at one rate: soundfile and SciPy. A piece of exported programs."""

import io
from math import gcd

import numpy as np
import soundfile
from scipy.signal import resample_poly


def wave_of(source, rate, channel, most_seconds):
    """int16 numbers of a file (a path, or its bytes) at `rate` per second; of several channels their mean (`mix`) or one.

    What is louder than 16 bits can tell is cut off. No more than `most_seconds` are read, 0 for all.
    """
    with soundfile.SoundFile(io.BytesIO(source) if isinstance(source, bytes) else source) as file:
        frames = int(most_seconds * file.samplerate) if most_seconds else -1
        heard = file.read(frames, dtype="float64", always_2d=True)
        return as_wave(heard, file.samplerate, rate, channel)


def as_wave(heard_LC, own_rate, rate, channel):
    """The same of numbers between -1 and 1 (L, C). Raises `ValueError` for what is no finite number."""
    if not np.isfinite(heard_LC).all():
        raise ValueError("it holds values that are not finite numbers")
    number = {"left": 0, "right": heard_LC.shape[1] - 1}.get(channel)
    wave = heard_LC.mean(1) if number is None else heard_LC[:, number]
    if own_rate != rate and len(wave):
        common = gcd(int(own_rate), int(rate))
        wave = resample_poly(wave, int(rate) // common, int(own_rate) // common)
    return np.clip(np.rint(wave * 32768), -32768, 32767).astype(np.int16)

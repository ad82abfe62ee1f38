"""A recording → one channel of 16-bit numbers at one rate: soundfile and NumPy. A piece of exported programs."""

import io
from math import gcd

import numpy as np
import soundfile


def wave_of(source, rate, channel, most_seconds):
    """int16 numbers of a file (a path, or its bytes) at `rate` per second; of several channels their mean (`mix`) or one.

    What is louder than 16 bits can tell is cut off. No more than `most_seconds` are read, 0 for all.
    """
    try:
        with soundfile.SoundFile(io.BytesIO(source) if isinstance(source, bytes) else source) as file:
            frames = int(most_seconds * file.samplerate) if most_seconds else -1
            heard, own_rate = file.read(frames, dtype="float64", always_2d=True), file.samplerate
    except soundfile.SoundFileError as error:
        raise ValueError(f"it cannot be read as a recording: {error}") from None
    return as_wave(heard, own_rate, rate, channel)


def as_wave(heard_LC, own_rate, rate, channel):
    """The same of numbers between -1 and 1 (L, C). Raises `ValueError` for what is no finite number."""
    if not np.isfinite(heard_LC).all():
        raise ValueError("it holds values that are not finite numbers")
    number = {"left": 0, "right": heard_LC.shape[1] - 1}.get(channel)
    wave = heard_LC.mean(1) if number is None else heard_LC[:, number]
    if own_rate != rate and len(wave):
        common = gcd(int(own_rate), int(rate))
        wave = resampled(wave, int(rate) // common, int(own_rate) // common)
    return np.clip(np.rint(wave * 32768), -32768, 32767).astype(np.int16)


def resampled(wave, up, down):
    """`up` samples for every `down`, by one phase of a low-pass filter (a sinc under a Kaiser window) for each: a polyphase
    filter, that of `scipy.signal.resample_poly`."""
    half = 10 * max(up, down)
    low_pass = np.sinc(np.arange(-half, half + 1) / max(up, down)) * np.kaiser(2 * half + 1, 5.0)
    low_pass *= up / low_pass.sum()
    taps = -(-len(low_pass) // up)
    by_phase = np.pad(low_pass, (0, taps * up - len(low_pass))).reshape(taps, up)
    silence = np.zeros(taps + 1)
    padded, found = np.concatenate([silence, wave, np.zeros(half // up + 1)]), np.empty(-(-len(wave) * up // down))
    for start in range(0, len(found), 1 << 16):
        at = np.arange(start, min(start + (1 << 16), len(found))) * down + half
        around = padded[(at // up + len(silence))[:, None] - np.arange(taps)]
        found[start : start + len(at)] = np.einsum("nt,tn->n", around, by_phase[:, at % up])
    return found

"""Recordings: one channel at the rate of the training, padded to the longest of them."""

import numpy as np

from fukami.fields.reading.cell_wave import wave_of


def read(values, told):
    """The network's tensors of recordings (paths, or the bytes of files)."""
    waves = [heard(value, told) for value in values]
    lengths = np.array([len(wave) for wave in waves], np.int64)
    padded = np.zeros((len(waves), lengths.max()), np.float32)
    for row, wave in enumerate(waves):
        padded[row, : len(wave)] = wave.astype(np.float32) / np.float32(32768)
    return {told["name"] + "_values": padded, told["name"] + "_lengths": lengths}


def heard(value, told):
    """The wave of one recording."""
    wave = wave_of(value, told["rate_hz"], told["channel"], told["max_seconds"])
    if not len(wave) or np.abs(wave.astype(np.int32)).max() <= 3:
        raise ValueError("nothing can be heard in the recording")
    return wave

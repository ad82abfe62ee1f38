"""Spectral subtraction (Boll 1979; Berouti et al. 1979): noise is what the quietest frames hold, and is taken away everywhere.

L samples, T frames, K bins.
"""

import numpy as np

from fukami.core.cards import BaselineCard
from fukami.evaluate.baselines.contract import Answers, Examples, InputColumns
from fukami.fields.batch import Rows

CARD = BaselineCard(name="spectral_subtraction", summary="spectral subtraction of what the quietest frames hold", of=("sound",))

QUIET = 0.15
"""Share of a recording's frames, the quietest ones, that are taken for noise alone."""
TAKEN, LEFT = 2.0, 0.02
"""How many times the noise's power is taken away, and the share of a place's power that stays at least."""


def fit(examples: Examples) -> Answers:
    (noisy,) = examples.inputs.values()

    def answer(columns: InputColumns):
        stored = noisy.encode(next(iter(columns.values())))
        waves = noisy.batch(stored, np.arange(len(next(iter(columns.values()))[0])))
        size = 1 << max(noisy.state["window"] - 1, 1).bit_length()
        each = [wave[:length] for wave, length in zip(waves.values.numpy(), waves.lengths.tolist(), strict=True)]
        found = [subtracted(wave, size) for wave in each]
        joined = {"sample": np.concatenate(found).astype(np.float32), "given": np.concatenate(each)}
        return {"sound": Rows(joined, waves.lengths.numpy())}

    return answer


def subtracted(wave_L: np.ndarray, size: int) -> np.ndarray:
    """A recording without the noise of its quietest frames."""
    hop, window = size // 4, np.hanning(size + 1)[:-1]
    padded = np.pad(wave_L.astype(np.float64), (size - hop, 2 * size))
    starts = np.arange(0, len(wave_L) + size - hop, hop)
    spectra_TK = np.fft.rfft(padded[starts[:, None] + np.arange(size)] * window)
    power_TK = np.abs(spectra_TK) ** 2
    quiet_T = np.argsort(power_TK.sum(1), kind="stable")[: max(1, round(QUIET * len(starts)))]
    kept_TK = np.maximum(1 - TAKEN * power_TK[quiet_T].mean(0) / np.maximum(power_TK, 1e-12), LEFT)
    frames_TL = np.fft.irfft(spectra_TK * np.sqrt(kept_TK), size) * window
    out = np.zeros(len(padded))
    for start, frame in zip(starts.tolist(), frames_TL, strict=True):
        out[start : start + size] += frame / 1.5
    return out[size - hop : size - hop + len(wave_L)]

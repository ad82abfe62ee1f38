"""Recordings with noise in them. They are read and heard as the field `audio` does; where a source says that its recordings are
clean, noise is mixed in: the same for an example whenever it is judged, another one in each step of a training.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, Self

import numpy as np
import pyarrow as pa
import torch

from fukami.core.cards import FieldCard
from fukami.core.language import _
from fukami.core.problems import Problem
from fukami.core.recipe import option
from fukami.core.tables import Column
from fukami.fields import cells
from fukami.fields.audio import decode
from fukami.fields.audio.field import Audio
from fukami.fields.audio.spec import Waves
from fukami.fields.contract import NOTHING, Arrays, Field, Ragged
from fukami.fields.noisy import mixing
from fukami.fields.noisy.spec import NoisySpec

CARD = FieldCard(
    name="noisy",
    summary="a recording with noise in it, or a clean one that noise is mixed into",
    reference="recordings of 16,000 samples a second, heard in 64 bands",
    usual_inputs=(
        "noisy", "mixture", "mix", "degraded", "noisy_path", "mixture_path", "input", "audio", "path", "雑音", "雑音入り",
    ),
    extensions=(".aif", ".aiff", ".au", ".caf", ".flac", ".mp3", ".oga", ".ogg", ".opus", ".wav"),
    offers=("units", "way"),
    explained_by=("integrated-gradients", "occlusion"),
    exempt={"recognised": "a recording with noise in it is a recording"},
)  # fmt: skip

CLEAN = "clean"
"""What `Column.told` says of recordings without noise, which is then mixed in."""


@dataclass(frozen=True)
class Noisy(Audio):
    """Recordings of one rate, of their own lengths, with noise.

    >>> column = replace(Noisy.specimens(np.array([0]), np.random.default_rng(0))[0], told={CLEAN: True})
    >>> noisy = Noisy(options=Noisy.Options(snr="20")).learn([column])
    >>> both = [field.batch(field.encode([column]), np.array([0])).values for field in (noisy, Audio(state=noisy.state))]
    >>> round(float((both[0] - both[1]).square().sum() / both[1].square().sum()), 3)
    0.01
    """

    @dataclass(frozen=True)
    class Options(Audio.Options):
        mixed: str = option("white", "What is mixed into clean recordings: white, pink, or a folder with recordings of noise.")
        snr: str = option("0", "How many decibels clean recordings are above the noise; several with commas are drawn from.")

    kind: ClassVar[str] = "noisy"
    Spec: ClassVar[type] = NoisySpec
    name: str = "noisy"
    options: Options = Options()

    @classmethod
    def specimens(cls, hidden: np.ndarray, rng: np.random.Generator) -> list[Column]:
        """Tones under noise."""
        waves = [tone(int(k)) for k in hidden]
        found = [decode.as_bytes(wave + rng.normal(0, 0.15, len(wave)), 800) for wave in waves]
        return [Column("noisy", pa.array(found, pa.binary()))]

    def check(self, columns: Sequence[Column]) -> Iterator[Problem]:
        yield from super().check(columns)
        if columns[0].told.get(CLEAN) and len(columns[0]) > 1:
            asked = self.options
            mixing.levels(asked.snr)
            yield Problem(
                code="F-NOISE-MIXED",
                severity="note",
                what=_("these recordings are taken as clean, and noise is mixed into them: {noise} at {snr} dB").format(
                    noise=asked.mixed, snr=asked.snr
                ),
                where=cells.place(columns[0]),
                fix=_("other noise: {command}; where they have noise, give pairs in folders `noisy` and `clean`").format(
                    command="--set mixed=pink --set snr=0,5,10"
                ),
            )

    def learn(self, columns: Sequence[Column], *, seed: int = 0, beside: Mapping[str, Field] = NOTHING) -> Self:
        """As recordings do, of what will be heard; and whether noise is mixed in."""
        told = {"mixed": bool(columns[0].told.get(CLEAN))}
        learned = super().learn(columns, seed=seed)
        return replace(learned, state=learned.state | told)

    def encode(self, columns: Sequence[Column], *, frames: Mapping[str, Any] = NOTHING) -> Arrays:
        """`wave` int16, ragged; clean ones with the noise that is always theirs. A mixture that would be louder than a file can
        tell is made softer as a whole."""
        stored = super().encode(columns, frames=frames)
        if not columns[0].told.get(CLEAN):
            return stored
        found = stored["wave"]
        assert isinstance(found, Ragged)
        each = [found.values[start:end] for start, end in zip(found.offsets[:-1], found.offsets[1:], strict=True)]
        mixed = [self._noised(wave) for wave in each]
        return {"wave": Ragged(np.concatenate([*mixed, np.empty(0, np.int16)]), found.offsets)}

    def _noised(self, wave: np.ndarray) -> np.ndarray:
        rng = torch.Generator().manual_seed(cells.hash_of(wave.tobytes()) % 2**63)
        clean_BL = torch.from_numpy(wave.astype(np.float32) / 32768)[None]
        (noisy,) = self.mixed(Waves(clean_BL, torch.tensor([len(wave)])), rng).values.numpy()
        return np.rint(noisy / max(1.0, float(np.abs(noisy).max(initial=0)) / 0.999) * 32767).astype(np.int16)

    def mixed(self, clean: Waves, rng: torch.Generator) -> Waves:
        """Clean recordings with noise, drawn by `rng`."""
        told = {"noise": self.options.mixed, "snr": self.options.snr, "rate": self.state["rate_hz"]}
        return Waves(mixing.mixed(clean.values, clean.lengths, rng, **told), clean.lengths)

    def spec(self) -> NoisySpec:
        told = super().spec()
        return NoisySpec(**{one.name: getattr(told, one.name) for one in fields(told) if one.name != "kind"})

    def stored_as(self) -> dict[str, Any]:
        return super().stored_as() | {"mixed": self.options.mixed, "snr": self.options.snr}

    def as_inputs(self, columns: Sequence[Column], rows: np.ndarray, folder: Any) -> list[str]:
        """Files of what is heard, noise included."""
        if not columns[0].told.get(CLEAN):
            return super().as_inputs(columns, rows, folder)
        import soundfile

        folder.mkdir(parents=True, exist_ok=True)
        stored = self.encode([columns[0].take(rows)])["wave"]
        assert isinstance(stored, Ragged)
        found = []
        for number, (start, end) in enumerate(zip(stored.offsets[:-1], stored.offsets[1:], strict=True)):
            path = folder / f"{number}.wav"
            soundfile.write(path, stored.values[start:end], self.state["rate_hz"], subtype="PCM_16")
            found.append(str(path.resolve()))
        return found


def tone(k: int) -> np.ndarray:
    """What a made-up recording of class k is without noise, at 800 Hz."""
    return np.sin(np.arange(200 + 20 * k) * (0.3 + 0.6 * k)) * 0.3

"""Recordings as answers: what a recording is without its noise. N examples, B batch, L samples of the longest, T of all.

They are read as the input beside them is. Answers and truth are rows of samples; an answer also holds what was given, so that
metrics can tell how much better it became.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self

import numpy as np
import pyarrow as pa
import soundfile
import torch

from fukami.core.cards import FieldCard
from fukami.core.problems import Problem
from fukami.core.tables import Column
from fukami.fields.audio import decode
from fukami.fields.audio.field import Audio
from fukami.fields.audio.render import shown
from fukami.fields.audio.spec import Waves
from fukami.fields.batch import Rows
from fukami.fields.contract import NOTHING, Arrays, Field, TargetField
from fukami.fields.frame import Frame
from fukami.fields.noisy.field import tone

CARD = FieldCard(
    name="sound",
    summary="a recording that is answered: without its noise",
    usual_targets=("clean", "clean_path", "sound", "target", "reference", "音", "きれいな音"),
    extensions=(".aif", ".aiff", ".au", ".caf", ".flac", ".mp3", ".oga", ".ogg", ".opus", ".wav"),
    exempt={"recognised": "a recording that is answered is a recording"},
)


@dataclass(frozen=True)
class Sound(TargetField):
    """Recordings of the input's rate.

    >>> (column,) = Sound.specimens(np.array([0]), np.random.default_rng(0))
    >>> sound = Sound().learn([column])
    >>> truth = sound.truth(sound.batch(sound.encode([column]), np.array([0])))
    >>> truth["sound"].counts.tolist(), sound.known(truth)[0]["sound"][:22]
    ([200], 'data:audio/wav;base64,')
    """

    @dataclass(frozen=True)
    class Options:
        """It has none: how it is read, the input says."""

    kind: ClassVar[str] = "sound"
    losses: ClassVar[tuple[str, ...]] = ()
    name: str = "clean"
    options: Options = Options()
    state: dict[str, Any] = field(default_factory=dict)

    @property
    def audio(self) -> Audio:
        """The same recordings as an input has them."""
        return Audio(self.name, Audio.Options(max_seconds=self.state.get("max_seconds", 0.0)), self.state)

    # -- raw cells ---------------------------------------------------------------------------------------------------
    @classmethod
    def specimens(cls, hidden: np.ndarray, rng: np.random.Generator) -> list[Column]:
        """The tones of `noisy` without their noise."""
        return [Column("clean", pa.array([decode.as_bytes(tone(int(k)), 800) for k in hidden], pa.binary()))]

    @classmethod
    def recognise(cls, column: Column) -> float:
        return 0.9 * Audio.recognise(column)

    def check(self, columns: Sequence[Column]) -> Iterator[Problem]:
        yield from self.audio.check(columns)

    def usable(self, columns: Sequence[Column]) -> np.ndarray:
        return self.audio.usable(columns)

    def fingerprint(self, columns: Sequence[Column]) -> np.ndarray:
        return self.audio.fingerprint(columns)

    def strata(self, columns: Sequence[Column]) -> np.ndarray:
        """Nothing is to be kept in proportion."""
        return np.zeros(len(columns[0]), np.int64)

    # -- learning and storing ----------------------------------------------------------------------------------------
    def learn(self, columns: Sequence[Column], *, seed: int = 0, beside: Mapping[str, Field] = NOTHING) -> Self:
        """Rate, channel and length of the input."""
        heard = next((one for one in beside.values() if isinstance(one, Audio)), None)
        heard = heard or self.audio.learn(columns, seed=seed)
        return replace(self, state={name: heard.state[name] for name in ("rate_hz", "channel", "max_seconds")})

    def encode(self, columns: Sequence[Column], *, frames: Mapping[str, Frame] = NOTHING) -> Arrays:
        return self.audio.encode([_decoded(column) for column in columns])

    def is_costly(self, columns: Sequence[Column]) -> bool:
        return self.audio.is_costly(columns)

    def lengths(self, stored: Arrays) -> np.ndarray:
        return self.audio.lengths(stored)

    def batch(self, stored: Arrays, rows: np.ndarray, device: torch.device | str = "cpu") -> Waves:
        return self.audio.batch(stored, rows, device)

    # -- answers -----------------------------------------------------------------------------------------------------
    def truth(self, batch: Waves) -> dict[str, Any]:
        """`sound`: rows of `sample`."""
        return {"sound": Rows({"sample": batch.values[_real(batch)]}, batch.lengths)}

    def answers(self, outputs: Any) -> dict[str, Any]:
        """`sound`: rows of `sample`, and of what was `given`; `outputs` is what `layers.enhancing` calls `Restored`."""
        real_BL = _real(Waves(outputs.values, outputs.lengths))
        found = {"sample": outputs.values.detach().float()[real_BL], "given": outputs.given.detach().float()[real_BL]}
        return {"sound": Rows(found, outputs.lengths)}

    def ideal(self, truth: dict[str, Any]) -> dict[str, Any]:
        rows = truth["sound"]
        samples = torch.as_tensor(rows.columns["sample"])
        return {"sound": Rows({"sample": samples, "given": torch.zeros_like(samples)}, torch.as_tensor(rows.counts))}

    def given(self, answers: dict[str, Any]) -> Waves:
        rows = answers["sound"]
        parts = [torch.as_tensor(row["sample"]).float() for row in rows.each()]
        return Waves(torch.nn.utils.rnn.pad_sequence(parts, batch_first=True), torch.as_tensor(rows.counts))

    def restore(self, answers: dict[str, Any], *, frames: Mapping[str, Frame] = NOTHING) -> list[dict[str, Any]]:
        """`{"sound"}`: a WAV file of 16 bits in base64; what is louder than it can tell is cut off."""
        rate = self.state["rate_hz"]
        found = [np.asarray(row["sample"]) for row in answers["sound"].each()]
        return [{"sound": as_text(wave, rate)} for wave in found]

    def known(self, truth: dict[str, Any]) -> list[dict[str, Any]]:
        return self.restore(truth)

    def drawn(
        self, told: Any, *, columns: Sequence[Column], row: int, frames: Mapping[str, Frame] = NOTHING, over: str = ""
    ) -> str:
        """Its wave, its spectrogram and a player."""
        wave, rate = soundfile.read(io.BytesIO(base64.b64decode(told["sound"].partition(",")[2])), dtype="int16")
        return shown(wave, rate, self.name)

    def apart(self, left: dict[str, Any], right: dict[str, Any]) -> torch.Tensor:
        """How loud the difference is beside the louder of both."""
        pairs = zip(left["sound"].each(), right["sound"].each(), strict=True)
        return torch.tensor([_apart(a["sample"], b["sample"]) for a, b in pairs], dtype=torch.float64)

    # -- towards people and programs ---------------------------------------------------------------------------------
    def graphed(self, outputs: Any) -> dict[str, torch.Tensor]:
        return {"samples": outputs.values, "given": outputs.given, "lengths": outputs.lengths}

    def graph_axes(self) -> dict[str, dict[int, str]]:
        return {"samples": {1: "length"}, "given": {1: "length"}}

    def from_graph(self, outputs: Mapping[str, torch.Tensor]) -> dict[str, Any]:
        """Of `samples_BL`, `given_BL` and `lengths_B`."""
        real_BL = _real(Waves(outputs["samples"], outputs["lengths"]))
        found = {"sample": outputs["samples"][real_BL], "given": outputs["given"][real_BL]}
        return {"sound": Rows(found, outputs["lengths"])}

    def portable(self, *, fixed: bool = False) -> dict[str, Any]:
        told = {"rate_hz": self.state["rate_hz"], "out": "made"}
        return {"kind": self.kind, "code": ["sound"], "command": "command_sounds", **told}

    def render(self, columns: Sequence[Column], row: int) -> str:
        return self.audio.render(columns, row)

    def schema(self) -> dict[str, Any]:
        told = {"type": "string", "contentEncoding": "base64", "contentMediaType": "audio/wav"}
        return {"type": "object", "properties": {"sound": told}, "required": ["sound"]}

    def sketch(self, columns: Sequence[Column]) -> dict[str, Any]:
        return self.audio.sketch(columns)


def as_text(wave: np.ndarray, rate: int) -> str:
    """Samples between -1 and 1 as the data of a WAV file, as answers tell them."""
    out = io.BytesIO()
    pcm = np.clip(np.rint(np.asarray(wave, np.float64) * 32768), -32768, 32767).astype(np.int16)
    soundfile.write(out, pcm, rate, format="WAV", subtype="PCM_16")
    return "data:audio/wav;base64," + base64.b64encode(out.getvalue()).decode("ascii")


def _decoded(column: Column) -> Column:
    """The column with sounds that are told in base64 as the bytes of their files."""
    if column.is_array or not any(str(text).startswith("data:audio/") for text in column.values[:1].to_pylist()):
        return column
    found = [base64.b64decode(text.partition(",")[2]) for text in column.values.to_pylist()]
    return replace(column, values=pa.array(found, pa.binary()))


def _real(waves: Waves) -> torch.Tensor:
    return torch.arange(waves.values.shape[1], device=waves.values.device) < waves.lengths.unsqueeze(1)


def _apart(left: Any, right: Any) -> float:
    one, two = (np.asarray(side, np.float64) for side in (left, right))
    if len(one) != len(two) or not (np.isfinite(one).all() and np.isfinite(two).all()):
        return np.inf
    loud = max(float(np.square(one).sum()), float(np.square(two).sum()))
    return float(np.sqrt(np.square(one - two).sum() / loud)) if loud else 0.0

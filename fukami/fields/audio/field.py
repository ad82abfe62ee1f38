"""Recordings: files, bytes or arrays in; waves of one rate out, each as long as it is. N examples, B batch, L samples.

The store holds 16-bit waves, so that a batch is a gather; what is heard in them (`features.py`) is computed by networks, whole
batches at once, where they lie. Rate, channel, and the mean and deviation of what is heard are in `state`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import pyarrow as pa
import torch
from torch import nn

from fukami.core.cards import FieldCard
from fukami.core.errors import DataError
from fukami.core.language import _
from fukami.core.problems import Problem
from fukami.core.recipe import option
from fukami.core.seeds import generator
from fukami.core.tables import Column
from fukami.fields import cells
from fukami.fields.audio import decode, explain
from fukami.fields.audio.augment import augmented
from fukami.fields.audio.check import check_recordings, is_usable
from fukami.fields.audio.features import Ear
from fukami.fields.audio.portable import as_files, odd_recordings, portable
from fukami.fields.audio.render import rendered
from fukami.fields.audio.spec import AudioSpec, Waves
from fukami.fields.contract import NOTHING, Arrays, Field, InputField, Ragged
from fukami.fields.gather import carried
from fukami.fields.units import Portrait, Units, Way

CARD = FieldCard(
    name="audio",
    summary="a recording: a sound file, its bytes, or an array of samples",
    reference="recordings of 16,000 samples a second, heard in 64 bands",
    usual_inputs=(
        "audio", "sound", "recording", "wav", "wave", "clip", "speech", "path", "audio_path", "wav_path", "filepath",
        "file_path", "file", "filename", "file_name", "wav_filename", "audio_file", "音声", "録音", "ファイル",
        "ファイル名", "パス",
    ),
    extensions=(".aif", ".aiff", ".au", ".caf", ".flac", ".mp3", ".oga", ".ogg", ".opus", ".wav"),
    offers=("units", "way"),
    explained_by=("integrated-gradients", "occlusion"),
)  # fmt: skip

HIGHEST_HZ = 16_000
"""Recordings are learned from at no higher rate unless `rate_hz` asks for more."""
LOOKED_AT = 500
"""Training recordings from which mean and deviation are learned."""
SLICES = 4
"""Stretches of time whose bands a linear baseline looks at."""


@dataclass(frozen=True)
class Audio(InputField):
    """Recordings of one rate, of their own lengths.

    >>> column = Audio.specimens(np.array([0, 1]), np.random.default_rng(0))[0]
    >>> audio = Audio(name="audio").learn([column])
    >>> batch = audio.batch(audio.encode([column]), np.array([0, 1]))
    >>> batch.values.shape[1] == int(batch.lengths.max()), audio.spec().rate_hz
    (True, 800)
    """

    @dataclass(frozen=True)
    class Options:
        rate_hz: int = option(0, "Samples a second; 0 for what most recordings have, at most 16,000.", low=0, high=192_000)
        channel: str = option("mix", "What is heard of several channels.", choices=("mix", "left", "right"))
        max_seconds: float = option(30.0, "Of longer recordings the beginning is heard; 0 for all.", low=0)
        feature: str = option(
            "log-mel",
            "What networks hear: bands on the mel scale, or their cepstral coefficients.",
            choices=("log-mel", "mfcc"),
        )
        bands: int = option(64, "Bands on the mel scale.", low=4, high=256)
        coefficients: int = option(20, "Cepstral coefficients, where these are heard.", low=2, high=128)
        window_ms: float = option(25.0, "Milliseconds of a frame.", low=1, high=1000)
        hop_ms: float = option(10.0, "Milliseconds from one frame to the next.", low=0.5, high=1000)
        low_hz: float = option(20.0, "The lowest tone that is heard.", low=0)
        gain_db: float = option(0.0, "Make training recordings louder or softer by up to this many decibels.", low=0, high=60)
        noise: float = option(0.0, "Share of the training recordings under which noise is laid.", low=0, high=1)
        speed: float = option(0.0, "Play training recordings faster or slower by up to this share.", low=0, high=0.5)
        time_mask: float = option(0.0, "Silence a stretch of training recordings, up to this share of them.", low=0, high=0.9)
        band_mask: float = option(0.0, "Silence a range of tones of training recordings, up to this share.", low=0, high=0.9)

    kind: ClassVar[str] = "audio"
    Spec: ClassVar[type] = AudioSpec
    varied: ClassVar[dict[str, Any]] = {"gain_db": 6.0, "noise": 0.9, "speed": 0.1, "time_mask": 0.3, "band_mask": 0.3}
    name: str = "audio"
    options: Options = Options()
    state: dict[str, Any] = field(default_factory=dict)

    # -- raw cells ---------------------------------------------------------------------------------------------------
    @classmethod
    def specimens(cls, hidden: np.ndarray, rng: np.random.Generator) -> list[Column]:
        """WAV files of a third of a second at 800 Hz, whose tone tells the class."""
        found = []
        for k in hidden:
            at_L = np.arange(int(rng.integers(200, 280)))
            tone = np.sin(at_L * (0.3 + 0.6 * int(k)) + rng.uniform(0, 6)) * 0.3
            found.append(decode.as_bytes(tone + rng.normal(0, 0.01, len(at_L)), 800))
        return [Column("audio", pa.array(found, pa.binary()))]

    @classmethod
    def recognise(cls, column: Column) -> float:
        if column.is_array and column.values.dtype.kind in "buif":
            return 0.6 if column.values.ndim == 2 and column.values.shape[1] >= 1000 else 0.0
        found = [c for c in decode.raw_cells(cells.sample(column, 50)) if c is not None]
        return sum(map(_looks_like_sound, found)) / len(found) if found else 0.0

    def check(self, columns: Sequence[Column]) -> Iterator[Problem]:
        yield from check_recordings(columns[0], self.options.max_seconds)

    def usable(self, columns: Sequence[Column]) -> np.ndarray:
        return np.array([is_usable(one) for one in decode.looks_at(columns[0])], dtype=bool)

    def fingerprint(self, columns: Sequence[Column]) -> np.ndarray:
        """Of the samples, so that a recording saved again in a format without loss is known again."""
        return np.array([one.content for one in decode.looks_at(columns[0])], dtype=np.uint64)

    def gather(self, values: Sequence[Any]) -> list[Column]:
        """Paths, bytes of files, arrays at the learned rate, pairs `(array, rate)`, or `{"array", "sampling_rate"}`."""
        if all(isinstance(value, str | Path) for value in values):
            return [Column(self.name, pa.array([str(value) for value in values], pa.string()))]
        rate = self.state.get("rate_hz", decode.RATE_OF_ARRAYS)
        told = {"without_rate": (sum(map(_is_without_rate, values)), rate)}
        return [Column(self.name, pa.array([_as_bytes(value, rate) for value in values], pa.binary()), told=told)]

    def unfamiliar(self, columns: Sequence[Column]) -> Iterator[Problem]:
        kept = ("F-AUDIO-NO-RATE", "F-AUDIO-CLIPPED", "F-AUDIO-CUT", "F-AUDIO-SHORT", "F-AUDIO-LONG")
        for problem in check_recordings(columns[0], self.state["max_seconds"]):
            if problem.code in kept:
                yield problem

    def example(self) -> str:
        return "recording.wav"

    # -- learning and storing ----------------------------------------------------------------------------------------
    def learn(self, columns: Sequence[Column], *, seed: int = 0, beside: Mapping[str, Field] = NOTHING) -> Self:
        """Chooses the rate, and measures what is heard on at most 500 recordings."""
        looks, asked = decode.looks_at(columns[0]), self.options
        rate = asked.rate_hz or min(decode.usual_rate(looks), HIGHEST_HZ)
        window, hop = (max(2, round(rate * ms / 1000)) for ms in (asked.window_ms, asked.hop_ms))
        state: dict[str, Any] = {
            "rate_hz": rate,
            "channel": asked.channel,
            "max_seconds": asked.max_seconds,
            "window": max(window, 16),
            "hop": hop,
            "bands": min(asked.bands, max(4, window // 3)),  # more than the bins of a spectrum can tell say nothing
            "low_hz": min(asked.low_hz, rate / 8),
            "coefficients": 0,
            "seconds": round(float(np.median([one.seconds for one in looks])), 3),
        }
        if asked.feature == "mfcc":
            state["coefficients"] = min(asked.coefficients, state["bands"])
        learned = replace(self, state=state)
        rows = np.sort(generator(seed, "audio", "learn").permutation(len(columns[0]))[:LOOKED_AT])
        mean, std = learned._moments(columns[0].take(rows))
        return replace(self, state=state | {"mean": mean, "std": std})

    def _moments(self, column: Column) -> tuple[list[float], list[float]]:
        """Mean and deviation of each band over the frames of recordings."""
        hear, stored = Ear(self.spec()), self.encode([column])
        heard = []
        with torch.no_grad():
            for row in range(len(column)):
                x_BTF, _frames = hear.raw(self.batch(stored, np.array([row])))
                heard.append(x_BTF[0].double())
        x_TF = torch.cat(heard)
        return x_TF.mean(0).tolist(), x_TF.std(0, correction=0).clamp(min=1.0).tolist()

    def encode(self, columns: Sequence[Column], *, frames: Mapping[str, Any] = NOTHING) -> Arrays:
        """`wave` int16, ragged."""
        told = (self.state[name] for name in ("rate_hz", "channel", "max_seconds"))
        found = decode.waves(columns[0], *told)
        offsets = np.concatenate([[0], np.cumsum([len(one) for one in found])]).astype(np.int64)
        return {"wave": Ragged(np.concatenate([*found, np.empty(0, np.int16)]), offsets)}

    def stored_as(self) -> dict[str, Any]:
        return {name: self.state.get(name) for name in ("rate_hz", "channel", "max_seconds")}

    def is_costly(self, columns: Sequence[Column]) -> bool:
        """Files have to be opened and decoded."""
        return not columns[0].is_array

    def lengths(self, stored: Arrays) -> np.ndarray:
        found = stored["wave"]
        assert isinstance(found, Ragged)
        return np.diff(found.offsets)

    def batch(self, stored: Arrays, rows: np.ndarray, device: torch.device | str = "cpu") -> Waves:
        """Padded with silence to the longest of these recordings."""
        found = stored["wave"]
        assert isinstance(found, Ragged)
        starts = found.offsets[rows]
        lengths_B = (found.offsets[np.asarray(rows) + 1] - starts).astype(np.int64)
        values_BL = np.zeros((len(starts), lengths_B.max(initial=0)), np.int16)
        for row, (start, length) in enumerate(zip(starts.tolist(), lengths_B.tolist(), strict=True)):
            values_BL[row, :length] = found.values[start : start + length]
        return Waves(carried(values_BL, device).float() / 32768, carried(lengths_B, device))

    def augment(self, batch: Waves, rng: torch.Generator) -> Waves:
        if not any(getattr(self.options, name) for name in self.varied):
            return batch
        return augmented(batch, rng, self.options, self.state["rate_hz"])

    # -- towards models and people -----------------------------------------------------------------------------------
    def spec(self) -> AudioSpec:
        names = ("rate_hz", "window", "hop", "bands", "low_hz", "coefficients")
        sizes: dict[str, Any] = {name: self.state[name] for name in names}
        return AudioSpec(**sizes, mean=tuple(self.state.get("mean", ())), std=tuple(self.state.get("std", ())))

    @classmethod
    def blank(
        cls, spec: AudioSpec, count: int, *, rng: torch.Generator | None = None, device: torch.device | str = "cpu"
    ) -> Waves:
        """Half a second of silence, or of noise that ends at other places."""
        length = spec.rate_hz // 2
        lengths_B = torch.full((count,), length)
        if rng is None:
            return Waves(torch.zeros(count, length, device=device), lengths_B.to(device))
        lengths_B = (length * torch.tensor([1.0, 0.4, 0.8, 0.6, 0.9])).long().repeat(count)[:count]
        values_BL = 0.1 * torch.randn(count, int(lengths_B.max()) if count else 0, generator=rng)
        values_BL *= torch.arange(values_BL.shape[1]) < lengths_B[:, None]
        return Waves(values_BL.to(device), lengths_B.to(device))

    @classmethod
    def call(cls, spec: AudioSpec) -> str:
        return f"forward(values, lengths) with values of shape (B, L), {spec.rate_hz} samples a second, and lengths (B,)"

    def plain_features(self, columns: Sequence[Column]) -> np.ndarray:
        """Mean and deviation of each band, and its mean in quarters of the recording, as float32 (N, D)."""
        hear, stored = Ear(replace(self.spec(), coefficients=0, mean=(), std=())), self.encode(columns)
        rows = []
        with torch.no_grad():
            for row in range(len(columns[0])):
                x_TF = hear(self.batch(stored, np.array([row])))[0][0]
                parts = [part.mean(0) for part in x_TF.tensor_split(SLICES) if len(part)]
                parts += [x_TF.mean(0)] * (SLICES - len(parts))
                rows.append(torch.cat([x_TF.mean(0), x_TF.std(0, correction=0), *parts]))
        return torch.stack(rows).numpy()

    def render(self, columns: Sequence[Column], row: int) -> str:
        return rendered(columns[0], row)

    def schema(self) -> dict[str, Any]:
        return {
            "type": "string",
            "contentEncoding": "base64",
            "contentMediaType": "audio/*",
            "description": _("a recording: the path of a sound file, or its bytes in base64"),
        }

    def sketch(self, columns: Sequence[Column]) -> dict[str, Any]:
        """Of at most 1,000 recordings: how long and how loud they are, their rates and channels."""
        looks = [one for one in decode.looks_at(cells.sample(columns[0], 1000)) if one.error is None]
        if not looks:
            return {"count": len(columns[0])}
        quantiles = np.linspace(0, 1, 5)
        return {
            "count": len(columns[0]),
            "seconds_quantiles": np.quantile([one.seconds for one in looks], quantiles).round(3).tolist(),
            "peak_quantiles": np.quantile([one.peak for one in looks], quantiles).round(4).tolist(),
            "rates_hz": sorted({one.rate for one in looks})[:20],
            "several_channels": float(np.mean([one.channels > 1 for one in looks])),
        }

    def portable(self, *, fixed: bool = False) -> dict[str, Any]:
        return portable(self.name, self.state, CARD.extensions)

    def probes(self, folder: Path) -> list[Any]:
        return odd_recordings(folder, self.state["rate_hz"])

    def as_inputs(self, columns: Sequence[Column], rows: np.ndarray, folder: Path) -> list[str]:
        return as_files(columns, rows, folder)

    def facts(self) -> dict[str, Any]:
        return {name: self.state[name] for name in ("rate_hz", "seconds") if name in self.state}

    # -- explaining an answer ----------------------------------------------------------------------------------------
    def units(self, batch: Waves, columns: Sequence[Column]) -> Units:
        """Stretches of time in ranges of tones."""
        return explain.units_of(batch, self.spec())

    def without(self, batch: Waves, units: Units, gone_PU: np.ndarray, filling: Any = None, draw: int = 0) -> Waves:
        return explain.without(batch, units, gone_PU, self.spec())

    def way(self, batch: Waves, units: Units, filling: Any, network: nn.Module) -> Way | None:
        """From silence."""
        return explain.way(batch, network)

    def portrait(self, batch: Waves, units: Units, weights_U: np.ndarray, detail: np.ndarray | None = None) -> Portrait:
        return explain.portrait(batch, units, weights_U, detail, self.spec())


def _looks_like_sound(cell: Any) -> bool:
    if isinstance(cell, dict):
        return "array" in cell or _looks_like_sound(cell.get("bytes") or cell.get("path") or "")
    if isinstance(cell, bytes | bytearray):
        head = bytes(cell[:12])
        wave = head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE"
        return wave or head[:4] in (b"fLaC", b"OggS") or head[:3] == b"ID3" or head[:2] in (b"\xff\xfb", b"\xff\xf3")
    return isinstance(cell, str | Path) and Path(str(cell)).suffix.lower() in CARD.extensions


def _is_without_rate(value: Any) -> bool:
    if isinstance(value, dict):
        return "array" in value and "sampling_rate" not in value
    paired = isinstance(value, tuple) and len(value) == 2 and np.ndim(value[0]) > 0
    return isinstance(value, list | tuple | np.ndarray) and not paired


def _as_bytes(value: Any, rate: int) -> bytes:
    """One recording of whatever form as the bytes of a file, so that a mixture can stand in one column."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, str | Path):
        source = decode.content(value, None, str(value))
        return source if isinstance(source, bytes) else Path(source).read_bytes()
    if isinstance(value, dict) and "array" in value:
        value = value["array"], value.get("sampling_rate", rate)
    if isinstance(value, tuple) and len(value) == 2:
        value, rate = value
    try:
        array = np.asarray(value)
        scale = float(np.iinfo(array.dtype).max) + 1 if array.dtype.kind in "iu" else 1.0
        if array.dtype.kind not in "iuf" or array.ndim not in (1, 2) or not len(array):
            raise ValueError
        return decode.as_bytes(array / scale, int(rate))
    except (TypeError, ValueError):
        raise DataError(
            "F-AUDIO-INPUT",
            _("an input is no recording"),
            expected=_("a path, the bytes of a file, an array (L,) or (L, C), or a pair of an array and its rate"),
            got=type(value).__name__,
        ) from None

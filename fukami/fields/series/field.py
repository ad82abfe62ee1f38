"""A stretch of a series: L steps of C channels, as input what is known, as target what comes next.

Cells are `Windows` of a `Recording`, which all examples share: it is stored once, and windows are gathered when a batch is
made. Models see channels in deviations from their training mean; answers come back in the channels' own units.

B batch, N examples, L steps, H steps of a target, C channels, T steps of a whole recording.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from fukami.core.cards import FieldCard
from fukami.core.errors import DataError
from fukami.core.language import _
from fukami.core.lazily import torch
from fukami.core.problems import Problem
from fukami.core.recipe import option
from fukami.core.specs import SeriesSpec
from fukami.core.tables import Column, Windows
from fukami.fields import cells
from fukami.fields.contract import NOTHING, Arrays, Field, InputField, Shared, TargetField
from fukami.fields.frame import Frame, Line
from fukami.fields.gather import carried
from fukami.fields.series import check, explain, render
from fukami.fields.series.clock import Clock
from fukami.fields.series.cutting import ends, given, prints
from fukami.fields.series.reading import LARGEST, Known, Recording
from fukami.fields.series.season import season_of, seasonal_error
from fukami.fields.series.stretches import wholes
from fukami.fields.units import Portrait, Units

CARD = FieldCard(
    name="series",
    summary="numbers that follow each other in time, of one channel or several",
    columns="many",
    reference="336 steps of 7 channels, and 96 steps ahead",
    offers=("units",),
    explained_by=("occlusion",),
    like=("number",),
)


@dataclass(frozen=True)
class Series(InputField, TargetField):
    """Steps of a series. `state` holds `length` (L, or H), the `channels` with training `mean` and `std`, the `clock`, and the
    `season` with `seasonal_error` (C): how far values are from those a season before.

    >>> from fukami.fields.series.cutting import windows
    >>> one = windows("past", Recording.plain(np.arange(8.0)[:, None], ("x",)), np.array([0, 1]), 3)
    >>> past = Series("past").learn([one])
    >>> past.state["mean"], past.batch(past.encode([one]), np.array([1])).shape
    ([1.5], torch.Size([1, 3, 1]))
    """

    @dataclass(frozen=True)
    class Options:
        season: int = option(0, "Steps of a season (24 for hours of a day); 0 to find it out, 1 for none.", low=0, high=100_000)
        band: float = option(0.8, "Share of future values that should lie between low and high.", low=0.01, high=0.99)

    kind: ClassVar[str] = "series"
    Spec: ClassVar[type[SeriesSpec]] = SeriesSpec
    losses: ClassVar[tuple[str, ...]] = ("mse", "mae", "huber")
    framed: ClassVar[bool] = True
    takes_rows: ClassVar[bool] = True
    name: str = "series"
    options: Options = Options()
    state: dict[str, Any] = field(default_factory=dict)

    # -- raw cells ---------------------------------------------------------------------------------------------------
    @classmethod
    def recognise(cls, column: Column) -> float:
        return float(isinstance(column.values, Windows))

    @classmethod
    def specimens(cls, hidden: np.ndarray, rng: np.random.Generator) -> list[Column]:
        """Waves of twelve steps around a level that the class sets."""
        from fukami.fields.series.cutting import windows

        steps = np.tile(np.sin(np.arange(12) * np.pi / 3), len(hidden)) + np.repeat(hidden, 12)
        values = np.stack([steps, -steps], 1) + rng.normal(0, 0.2, (len(steps), 2))
        return [windows("series", Recording.plain(values, ("a", "b")), np.arange(len(hidden)) * 12, 12)]

    def check(self, columns: Sequence[Column]) -> Iterator[Problem]:
        yield from check.problems(columns[0])

    def usable(self, columns: Sequence[Column]) -> np.ndarray:
        """Windows of which every value is known: a channel may be empty in one of several series."""
        windows, recording = seen(columns)
        unknown = np.concatenate([[0], np.cumsum(np.isnan(recording.values).any(1))])
        return unknown[windows.starts + windows.length] == unknown[windows.starts]

    def fingerprint(self, columns: Sequence[Column]) -> np.ndarray:
        windows, recording = seen(columns)
        return prints(recording.values, recording.when, windows.starts, windows.length)

    # -- learning and storing ----------------------------------------------------------------------------------------
    def learn(self, columns: Sequence[Column], *, seed: int = 0, beside: Mapping[str, Field] = NOTHING) -> Self:
        """Takes mean, deviation and season from every step that training examples look at, past or future.

        Raises `DataError` where no channel varies.
        """
        windows, recording = seen(columns)
        looked_at = windows.covered(len(recording))
        values = recording.values[looked_at]
        mean, std = np.nanmean(values, 0), np.nanstd(values, 0)
        if not (std > 0).any():
            raise DataError(
                "F-SERIES-CONSTANT",
                _("there is nothing to learn: no column varies"),
                where=cells.place(columns[0]),
                expected=_("values that change with time"),
            )
        scaled = (recording.values - mean) / np.where(std > 0, std, 1.0)
        season = self.options.season or season_of(scaled, recording.series, looked_at)
        named = [recording.clock.name, recording.series_name, *(recording.read_from or recording.channels)]
        state = {
            "columns": [{"name": name} for name in named if name],
            "channels": list(recording.channels),
            "length": windows.length,
            "mean": mean.tolist(),
            "std": np.where(std > 0, std, 1.0).tolist(),
            "clock": recording.clock.as_dict(),
            "series": recording.series_name,
            "season": season,
            "seasonal_error": seasonal_error(recording.values, recording.series, looked_at, season).tolist(),
        }
        state |= {"form": recording.form} if recording.form else {}
        return replace(self, state=state)

    def stored_as(self) -> dict[str, Any]:
        return {"state": {name: self.state[name] for name in ("length", "mean", "std", "channels")}}

    def encode(self, columns: Sequence[Column], *, frames: Mapping[str, Frame] = NOTHING) -> Arrays:
        """`series` float32 (T, C) in deviations, shared by all, and `start` int64 (N)."""
        windows, recording = seen(columns)
        scaled = (recording.values - np.array(self.state["mean"])) / np.array(self.state["std"])
        return {"series": Shared(scaled.astype(np.float32)), "start": windows.starts}

    def frame(self, columns: Sequence[Column]) -> Line:
        """The moments of each window's steps; a step ends where the next begins."""
        windows, recording = seen(columns)
        after = np.append(recording.when[1:], 0.0)
        for _begin, end in recording.stretches():
            after[end - 1] = recording.clock.after(recording.when[end - 1], 1)[0]
        spans = [slice(start, start + windows.length) for start in windows.starts.tolist()]
        return Line([recording.when[span] for span in spans], [after[span] for span in spans])

    def batch(self, stored: Arrays, rows: np.ndarray, device: torch.device | str = "cpu") -> torch.Tensor:
        """`x_BLC` float32, in deviations from the training mean."""
        series, start = stored["series"], torch.as_tensor(stored["start"])  # type: ignore[arg-type]
        assert isinstance(series, Shared)
        places = start.cpu().numpy()[rows][:, None] + np.arange(self.state["length"])
        return carried(series.values.take(places, axis=0), device)

    # -- what people give --------------------------------------------------------------------------------------------
    def gather(self, values: Sequence[Any]) -> list[Column]:
        """Recent history, or a whole series, as people give it: a mapping of names to lists, a list of mappings, an array
        (T, C), (T,)."""
        tables = [given(value, self.state["channels"]) for value in values]
        cut = wholes if self.state.get("form") else ends
        return [cut(self.name, tables, self.heard, self.state["length"])]

    @property
    def heard(self) -> Known:
        """What it knows of the columns of a table since it has learned."""
        if not self.state:
            return Known()
        clock = Clock(**self.state["clock"])
        return Known(clock.name, self.state["series"], tuple(self.state["channels"]), clock)

    def several(self, value: Any) -> list[Any] | None:
        """A batch of histories as one array (N, T, C)."""
        return list(value) if isinstance(value, np.ndarray) and value.ndim == 3 else None

    def example(self) -> str:
        return "history.csv"

    def as_inputs(self, columns: Sequence[Column], rows: np.ndarray, folder: Path) -> list[Any]:
        windows, recording = seen(columns)
        found = []
        for start in windows.starts[rows].tolist():
            span = slice(start, start + windows.length)
            times = {recording.clock.name: recording.clock.told(recording.when[span])} if recording.clock.name else {}
            found.append(times | dict(zip(recording.channels, recording.values[span].T.tolist(), strict=True)))
        return found

    # -- towards models ----------------------------------------------------------------------------------------------
    def spec(self) -> SeriesSpec:
        return SeriesSpec(self.state["length"], len(self.state["channels"]))

    @classmethod
    def blank(
        cls, spec: SeriesSpec, count: int, *, rng: torch.Generator | None = None, device: torch.device | str = "cpu"
    ) -> torch.Tensor:
        shape = count, spec.steps, spec.channels
        return torch.zeros(shape, device=device) if rng is None else torch.randn(shape, generator=rng, device=device)

    @classmethod
    def call(cls, spec: SeriesSpec) -> str:
        return f"forward(x) with x of shape (B, {spec.steps}, {spec.channels})"

    def target_spec(self) -> SeriesSpec:
        """How many steps of how many channels are to be said."""
        return self.spec()

    def plain_features(self, columns: Sequence[Column]) -> np.ndarray:
        """Last value and mean of each channel (N, 2C), in deviations."""
        x_NLC = self.batch(self.encode(columns), np.arange(len(columns[0]))).numpy()
        return np.concatenate([x_NLC[:, -1], x_NLC.mean(1)], 1)

    def steps_of(self, columns: Sequence[Column]) -> np.ndarray:
        """Every step as the network sees it (N, L, C)."""
        return self.batch(self.encode(columns), np.arange(len(columns[0]))).double().numpy()

    def facts(self) -> dict[str, Any]:
        return {"steps": self.state["length"], "channels": len(self.state["channels"])} if self.state else {}

    # -- explanations ------------------------------------------------------------------------------------------------
    def units(self, batch: torch.Tensor, columns: Sequence[Column]) -> Units:
        return explain.units_of(batch, self.state["channels"])

    def without(
        self, batch: torch.Tensor, units: Units, gone_PU: np.ndarray, filling: Any = None, draw: int = 0
    ) -> torch.Tensor:
        return explain.without(batch, units, gone_PU, own_level=not self.state.get("form"))

    def portrait(self, batch: torch.Tensor, units: Units, weights_U: np.ndarray, detail: np.ndarray | None = None) -> Portrait:
        return explain.portrait(batch, units, weights_U, self.state["channels"])

    # -- from outputs to answers -------------------------------------------------------------------------------------
    def paired(self, outputs_BHC: torch.Tensor, targets_BHC: torch.Tensor, /) -> tuple[torch.Tensor, torch.Tensor]:
        """Losses of one number take an axis of one output."""
        return outputs_BHC.unsqueeze(-1), targets_BHC

    def from_unit(self, values_BHC: torch.Tensor) -> torch.Tensor:
        """From deviations to the channels' own units, in float64 where the device has it."""
        wide = torch.float32 if values_BHC.device.type == "mps" else torch.float64
        mean, std = (values_BHC.new_tensor(self.state[name], dtype=wide) for name in ("mean", "std"))
        return values_BHC.to(wide) * std + mean

    def to_unit(self, values_BHC: torch.Tensor) -> torch.Tensor:
        """From the channels' own units to deviations."""
        mean, std = (values_BHC.new_tensor(self.state[name]) for name in ("mean", "std"))
        return (values_BHC - mean) / std

    def answers(self, outputs: torch.Tensor, /) -> torch.Tensor:
        """`values_BHC` in the channels' own units."""
        return self.from_unit(outputs)

    def truth(self, batch: torch.Tensor) -> torch.Tensor:
        return self.from_unit(batch)

    def given(self, answers: torch.Tensor) -> torch.Tensor:
        return self.to_unit(answers).float()

    @property
    def settles(self) -> bool:
        return True

    def settled(self, answers: Any, truth: Any) -> Self:
        """A copy with the band of each step and channel: between which residuals of validation examples mostly lie."""
        residual_BHC = (torch.as_tensor(truth) - torch.as_tensor(answers)).double().cpu().numpy() / np.array(self.state["std"])
        tail = (1 - self.options.band) / 2
        low, high = np.quantile(residual_BHC, [tail, 1 - tail], axis=0).round(5)
        return replace(self, state={**self.state, "low": low.tolist(), "high": high.tolist()})

    def unsettled(self) -> Self:
        return replace(self, state={name: value for name, value in self.state.items() if name not in ("low", "high")})

    def bands(self, values_BHC: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
        """Low and high beside values in their own units; None before anything is known of residuals."""
        if "low" not in self.state:
            return None
        std = np.array(self.state["std"])
        return values_BHC + np.array(self.state["low"]) * std, values_BHC + np.array(self.state["high"]) * std

    def restore(self, answers: torch.Tensor, *, frames: Mapping[str, Frame] = NOTHING) -> list[dict[str, Any]]:
        """`{"forecast": {channel: [H]}}`; with `low` and `high` after `settled`, and `times` where the past has them."""
        values_BHC = torch.as_tensor(answers).detach().double().cpu().numpy()
        parts = {"forecast": values_BHC}
        bands = self.bands(values_BHC)
        if bands is not None:
            parts |= {"low": bands[0], "high": bands[1]}
        told: list[dict[str, Any]] = [
            {name: dict(zip(self.state["channels"], part[row].T.tolist(), strict=True)) for name, part in parts.items()}
            for row in range(len(values_BHC))
        ]
        clock, frame = Clock(**self.state["clock"]), next(iter(frames.values()), None)
        if isinstance(frame, Line) and clock.kind != "order":
            for answer, times in zip(told, frame.starts, strict=True):
                answer["times"] = clock.told(clock.after(float(times[-1]), values_BHC.shape[1]))
        return told

    def known(self, truth: torch.Tensor) -> list[dict[str, Any]]:
        return self.unsettled().restore(truth)

    def apart(self, left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        """The largest difference of two values, in deviations."""
        std = left.new_tensor(self.state["std"]).double()
        apart = ((left.double() - right.double()) / std).abs().flatten(1).amax(1)
        return apart.nan_to_num(nan=torch.inf, posinf=torch.inf)

    # -- towards people and programs ---------------------------------------------------------------------------------
    def render(self, columns: Sequence[Column], row: int) -> str:
        windows, recording = seen(columns)
        return render.curves(recording, int(windows.starts[row]), windows.length)

    def schema(self) -> dict[str, Any]:
        channels = self.state.get("channels", [])
        numbers = {"type": "array", "items": {"type": "number"}, "minItems": self.state.get("length", 1)}
        return {"type": "object", "properties": dict.fromkeys(channels, numbers), "required": list(channels)}

    def sketch(self, columns: Sequence[Column]) -> dict[str, Any]:
        """Moments and 101 quantiles of each channel."""
        windows, recording = seen(columns)
        values = recording.values[windows.covered(len(recording))]
        told = {}
        for name, column in zip(recording.channels, values.T, strict=True):
            known = column[~np.isnan(column)]
            if len(known):
                quantiles = np.quantile(known, np.linspace(0, 1, 101)).tolist()
                told[name] = {"mean": float(known.mean()), "std": float(known.std()), "quantiles": quantiles}
        return {"count": len(windows), "channels": told}

    def portable(self, *, fixed: bool = False) -> dict[str, Any]:
        """A program takes rows as they are in order and reads times that are numbers or written as 2024-03-31 15:00."""
        kept = ("channels", "mean", "std", "length", "clock", "low", "high", "form")
        return {
            **{"kind": "series", "code": ["decoded", "series_clock", "series"], "arguments": "single", "name": self.name},
            **{"example": self.example(), "largest": LARGEST},
            **{name: self.state[name] for name in kept if name in self.state},
        }

    def portable_frames(self) -> dict[str, Any]:
        """The times that answers go on from are read by the same piece."""
        return {"code": ["decoded", "series_clock", "series"]}

    def drawn(
        self, told: Any, *, columns: Sequence[Column], row: int, frames: Mapping[str, Frame] = NOTHING, over: str = ""
    ) -> str:
        """What came before and after, with the forecast over it."""
        if not isinstance(told, list) or not columns:
            return ""
        windows, recording = seen(columns)
        return render.forecast(recording, windows, row, np.array(told), self._band)

    def _band(self, values_H: np.ndarray, channel: int) -> tuple[np.ndarray, np.ndarray] | None:
        if "low" not in self.state:
            return None
        low, high = (values_H + np.array(self.state[name])[:, channel] * self.state["std"][channel] for name in ("low", "high"))
        return low, high


def seen(columns: Sequence[Column]) -> tuple[Windows, Recording]:
    """The windows of a field's one column, and the recording that they are of."""
    (column,) = columns
    return column.values, column.values.whole

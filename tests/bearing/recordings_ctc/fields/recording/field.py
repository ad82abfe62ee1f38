"""A recording: a list of numbers, as long as it is. N examples, B batch, L steps, P patterns, U units."""

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, NamedTuple

import numpy as np
import pyarrow as pa
import torch

from fukami.core.cards import FieldCard
from fukami.core.specs import Spec
from fukami.core.tables import Column
from fukami.fields import cells
from fukami.fields.contract import NOTHING, InputField, Ragged
from fukami.fields.units import Units

CARD = FieldCard(
    name="recording",
    summary="a recording",
    usual_inputs=("recording", "sound"),
    offers=("units",),
    explained_by=("occlusion",),
)
SHARE = 8
"""Steps of a unit."""


class Waves(NamedTuple):
    values: torch.Tensor
    lengths: torch.Tensor


@dataclass(frozen=True)
class RecordingSpec(Spec):
    kind: str = "recording"

    @classmethod
    def reference(cls):
        return cls()

    small = reference


@dataclass(frozen=True)
class Recording(InputField):
    @dataclass(frozen=True)
    class Options:
        pass

    kind: ClassVar[str] = "recording"
    Spec: ClassVar[type] = RecordingSpec
    name: str = "recording"
    options: Options = Options()
    state: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def specimens(cls, hidden, rng):
        """One more tone than its class has a number, each of the class's height, with silence between them."""
        parts = [[np.full(rng.integers(8, 16), float((k + 1) * (n % 2 == 0))) for n in range(2 * k + 3)] for k in hidden]
        waves = [np.concatenate(one) for one in parts]
        return [Column("recording", pa.array([(w + rng.normal(0, 0.1, len(w))).round(3).tolist() for w in waves]))]

    @classmethod
    def recognise(cls, column):
        return 0.9 if not column.is_array and pa.types.is_list(cells.arrow(column).type) else 0.0

    def check(self, columns):
        return iter(())

    def _waves(self, columns):
        return [np.array(one or [], np.float32) for one in cells.arrow(columns[0]).to_pylist()]

    def usable(self, columns):
        return np.array([len(wave) >= SHARE for wave in self._waves(columns)], bool)

    def fingerprint(self, columns):
        return cells.hashes(wave.tobytes() for wave in self._waves(columns))

    def gather(self, values):
        return [Column(self.name, pa.array([list(value) for value in values]))]

    def learn(self, columns, *, seed=0, beside=NOTHING):
        return replace(self, state={"std": float(np.concatenate(self._waves(columns)).std())})

    def encode(self, columns, *, frames=NOTHING):
        waves = self._waves(columns)
        offsets = np.concatenate([[0], np.cumsum([len(one) for one in waves])]).astype(np.int64)
        return {"wave": Ragged(np.concatenate(waves) / self.state["std"], offsets)}

    def lengths(self, stored):
        return np.diff(stored["wave"].offsets)

    def batch(self, stored, rows, device="cpu"):
        values, offsets = stored["wave"].values, stored["wave"].offsets
        each = [torch.from_numpy(np.array(values[offsets[row] : offsets[row + 1]])) for row in rows]
        lengths = torch.tensor([len(one) for one in each])
        return Waves(torch.nn.utils.rnn.pad_sequence(each, batch_first=True).float().to(device), lengths.to(device))

    def spec(self):
        return RecordingSpec()

    @classmethod
    def blank(cls, spec, count, *, rng=None, device="cpu"):
        values = torch.zeros(count, 32) if rng is None else torch.randn(count, 32, generator=rng)
        return Waves(values.to(device), torch.full((count,), 32, device=device))

    def plain_features(self, columns):
        return np.array([[len(wave), wave.mean(), wave.std()] for wave in self._waves(columns)])

    def as_inputs(self, columns, rows, folder):
        return [wave.tolist() for wave in self._waves([columns[0].take(rows)])]

    def units(self, batch, columns):
        of_L = np.arange(int(batch.lengths[0])) // SHARE
        return Units(tuple(f"{u * SHARE}–{(u + 1) * SHARE}" for u in range(int(of_L[-1]) + 1)), of_L)

    def without(self, batch, units, gone_PU, filling=None, draw=0):
        kept_PL = torch.from_numpy(~gone_PU[:, units.of])
        return Waves(batch.values[:, : len(units.of)] * kept_PL, batch.lengths.expand(len(gone_PU)))

    def render(self, columns, row):
        return f"<span>{len(self._waves([columns[0].take(np.array([row]))])[0])} steps</span>"

    def schema(self):
        return {"type": "array", "items": {"type": "number"}}

    def sketch(self, columns):
        return {"count": len(columns[0])}

"""A node of one graph, as `number>next=value`: the whole graph is stored once. N examples, B batch, G nodes of the graph."""

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, NamedTuple

import numpy as np
import pyarrow as pa
import torch

from fukami.core.cards import FieldCard
from fukami.core.specs import Spec
from fukami.core.tables import Column
from fukami.fields import cells
from fukami.fields.contract import NOTHING, InputField, Shared
from fukami.fields.gather import gathered
from fukami.fields.units import Units

CARD = FieldCard(
    name="node",
    summary="a node of a graph",
    usual_inputs=("node",),
    offers=("units",),
    explained_by=("occlusion",),
)


class Nodes(NamedTuple):
    """The value of each node, and of the node that leads to it."""

    own: torch.Tensor
    before: torch.Tensor


@dataclass(frozen=True)
class NodeSpec(Spec):
    kind: str = "node"

    @classmethod
    def reference(cls):
        return cls()

    small = reference


@dataclass(frozen=True)
class Node(InputField):
    @dataclass(frozen=True)
    class Options:
        pass

    kind: ClassVar[str] = "node"
    Spec: ClassVar[type] = NodeSpec
    name: str = "node"
    options: Options = Options()
    state: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def specimens(cls, hidden, rng):
        """A ring whose nodes know the class of the next one, never their own."""
        after = np.roll(hidden, -1)
        rows = [f"{i}>{(i + 1) % len(hidden)}={k + rng.normal(0, 0.1):.3f}" for i, k in enumerate(after)]
        return [Column("node", pa.array(rows))]

    @classmethod
    def recognise(cls, column):
        return 0.9 if not column.is_array and all(">" in text for text in cells.strings(cells.sample(column))) else 0.0

    def check(self, columns):
        return iter(())

    def _read(self, columns):
        return read(cells.strings(columns[0]))

    def fingerprint(self, columns):
        return cells.hashes(text.encode() for text in cells.strings(columns[0]))

    def learn(self, columns, *, seed=0, beside=NOTHING):
        return replace(self, state={"mean": float(self._read(columns)[:, 2].mean())})

    def encode(self, columns, *, frames=NOTHING):
        own_N3, all_G3 = self._read(columns), read(columns[0].told.get("graph", cells.strings(columns[0])))
        number_G, next_G = all_G3[:, 0].astype(np.int64), all_G3[:, 1].astype(np.int64)
        value_G = np.zeros(int(max(number_G.max(), next_G.max())) + 1, np.float32)
        before_G = np.full(len(value_G), -1, np.int64)
        value_G[number_G], before_G[next_G] = all_G3[:, 2] - self.state["mean"], number_G
        return {"number": own_N3[:, 0].astype(np.int64), "value": Shared(value_G), "before": Shared(before_G)}

    def batch(self, stored, rows, device="cpu"):
        value_G, before_G = stored["value"].values, stored["before"].values
        number_B = gathered(stored["number"], rows).numpy()
        before_B = before_G[number_B]
        told_B = np.where(before_B < 0, 0, value_G[before_B])
        return Nodes(*(torch.from_numpy(np.array(x, np.float32)).to(device) for x in (value_G[number_B], told_B)))

    def spec(self):
        return NodeSpec()

    @classmethod
    def blank(cls, spec, count, *, rng=None, device="cpu"):
        return Nodes(torch.zeros(count, device=device), torch.zeros(count, device=device))

    def plain_features(self, columns):
        return self._read(columns)[:, 2:]

    def as_inputs(self, columns, rows, folder):
        return cells.strings(columns[0].take(rows))

    def units(self, batch, columns):
        return Units(("itself", "the node before"), np.arange(2))

    def without(self, batch, units, gone_PU, filling=None, draw=0):
        kept_PU = torch.from_numpy(~gone_PU)
        return Nodes(batch.own * kept_PU[:, 0], batch.before * kept_PU[:, 1])

    def render(self, columns, row):
        return f"<span>{cells.strings(columns[0].take(np.array([row])))[0].replace('>', '→')}</span>"

    def schema(self):
        return {"type": "string"}

    def sketch(self, columns):
        return {"count": len(columns[0])}


def read(texts):
    """Number, next and value (N, 3)."""
    parts = [text.replace(">", "=").split("=") for text in texts]
    return np.array([[float(x) for x in one] for one in parts]).reshape(-1, 3)

"""Histories: who asks, what they chose so far in the order of time, and which items are asked about where these are few.

Cells are three columns: the user's name, a list of names of items, and numbers of the catalogue that are asked about (0
where all are). The catalogue is told by the source, since a shop knows its items; who chose what is learned
from training rows alone. B batch, N examples, L items of the longest history, C items asked about.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as _compute
import torch

from fukami.core.cards import FieldCard
from fukami.core.problems import Problem
from fukami.core.tables import Column
from fukami.fields import cells
from fukami.fields.contract import NOTHING, Arrays, Field, InputField, Ragged
from fukami.fields.frame import Frame
from fukami.fields.gather import carried
from fukami.fields.history import asking, check, explain
from fukami.fields.history.packing import Log
from fukami.fields.history.spec import History, HistorySpec, drawn
from fukami.fields.units import Portrait, Units

pc: Any = _compute  # its functions are made when it is imported, so checkers cannot see them
CARD = FieldCard(
    name="history",
    summary="a user and what they chose so far, in the order of time",
    columns="many",
    reference="10,000 items and 10,000 users",
    offers=("units",),
    explained_by=("occlusion",),
)
SHOWN = 20


@dataclass(frozen=True)
class Histories(InputField):
    """Histories as numbers of a catalogue.

    >>> cells = asking.columns("h", ["u", "v"], [["a", "b"], []], {"items": ["a", "b", "c"]})
    >>> known = Histories("h").learn(cells)
    >>> batch = known.batch(known.encode(cells), np.array([0, 1]))
    >>> batch.items.tolist(), batch.lengths.tolist(), batch.users.tolist()
    ([[1, 2], [0, 0]], [2, 0], [1, 2])
    """

    @dataclass(frozen=True)
    class Options:
        pass

    kind: ClassVar[str] = "history"
    Spec: ClassVar[type[HistorySpec]] = HistorySpec
    takes_rows: ClassVar[bool] = True
    name: str = "history"
    options: Options = Options()
    state: dict[str, Any] = field(default_factory=dict)

    # -- raw cells ---------------------------------------------------------------------------------------------------
    @classmethod
    def specimens(cls, hidden: np.ndarray, rng: np.random.Generator) -> list[Column]:
        """Two to six items, the last of which tells the class."""
        names = [f"item{number}" for number in range(12)]
        rows = [[*rng.choice(names[6:], int(rng.integers(1, 6))).tolist(), names[int(k) % 6]] for k in hidden]
        return asking.columns("history", [f"user{n}" for n in range(len(hidden))], rows, {"items": names})

    @classmethod
    def recognise(cls, column: Column) -> float:
        return 0.0 if column.is_array else float(pa.types.is_list(column.values.type)) / 2

    def check(self, columns: Sequence[Column]) -> Iterator[Problem]:
        yield from check.problems(columns, self.state)

    def usable(self, columns: Sequence[Column]) -> np.ndarray:
        """Once the catalogue is learned, an example needs a user who is known, or an item that is."""
        if not self.state:
            return np.ones(len(columns[0]), bool)
        stored = self.encode(columns)
        return (self.lengths(stored) > 0) | (np.asarray(stored["user"]) > 0)

    def fingerprint(self, columns: Sequence[Column]) -> np.ndarray:
        users, items = asking.parts(columns)
        return cells.combined([asking.hashed(users), asking.hashed_lists(items)])

    # -- learning and storing ----------------------------------------------------------------------------------------
    def learn(self, columns: Sequence[Column], *, seed: int = 0, beside: Mapping[str, Field] = NOTHING) -> Self:
        """Takes the catalogue as the source tells it, and the users; what they chose the source's `told` says of training."""
        users, items = asking.parts(columns)
        told = columns[1].told
        names = told.get("items") or pc.unique(items.flatten()).to_pylist()
        known = pc.unique(users.filter(pc.not_equal(users, ""))).to_pylist()
        state: dict[str, Any] = {
            "columns": [{"name": name} for name in told.get("columns", [])],
            "roles": told.get("roles", {}),
            "items": list(names),
            "users": known,
        }
        return replace(self, state=state | asking.chosen(columns, known, names))

    def stored_as(self) -> dict[str, Any]:
        return {"state": {name: self.state.get(name) for name in ("items", "users")}}

    @property
    def log(self) -> Log:
        """Who chose what in training."""
        return Log(self.state["lengths"], self.state["chosen"])

    def encode(self, columns: Sequence[Column], *, frames: Mapping[str, Frame] = NOTHING) -> Arrays:
        """`items` int32, ragged; `user` int32 (N); `candidates` int32 (N, C). Items that the catalogue lacks are left out."""
        users, items = asking.parts(columns)
        candidates = columns[2].values if len(columns) > 2 else np.zeros((len(users), 1), np.int32)
        return {
            "items": asking.numbered(items, self.state["items"]),
            "user": asking.numbers(users, self.state["users"]),
            "candidates": np.ascontiguousarray(candidates, np.int32),
        }

    def lengths(self, stored: Arrays) -> np.ndarray:
        found = stored["items"]
        assert isinstance(found, Ragged)
        return np.diff(found.offsets)

    def batch(self, stored: Arrays, rows: np.ndarray, device: torch.device | str = "cpu") -> History:
        """Padded to the longest of these histories."""
        found = stored["items"]
        assert isinstance(found, Ragged)
        starts = found.offsets[rows]
        lengths_B = (found.offsets[np.asarray(rows) + 1] - starts).astype(np.int64)
        step_L = np.arange(lengths_B.max(initial=0))
        real_BL = step_L < lengths_B[:, None]
        items_BL = np.zeros(real_BL.shape, np.int64)
        items_BL[real_BL] = found.values[(starts[:, None] + step_L)[real_BL]]
        rest = [torch.as_tensor(stored[name]).numpy()[rows].astype(np.int64) for name in ("user", "candidates")]  # type: ignore[arg-type]
        return History(*(carried(array, device) for array in (items_BL, lengths_B, *rest)))

    # -- what people give --------------------------------------------------------------------------------------------
    def gather(self, values: Sequence[Any]) -> list[Column]:
        """Names of users whom training knew, lists of items, or mappings with `user`, `history`, `candidates`."""
        return asking.gathered(self.name, values, self)

    def several(self, value: Any) -> list[Any] | None:
        return None

    def example(self) -> str:
        return '\'{"history": ["…", "…"]}\''

    def unfamiliar(self, columns: Sequence[Column]) -> Iterator[Problem]:
        yield from check.unfamiliar(columns, self.state)

    def as_inputs(self, columns: Sequence[Column], rows: np.ndarray, folder: Path) -> list[Any]:
        users, items = asking.parts([column.take(rows) for column in columns])
        return [
            {"user": user, "history": list(own)} if user else {"history": list(own)}
            for user, own in zip(users.to_pylist(), items.to_pylist(), strict=True)
        ]

    # -- towards models ----------------------------------------------------------------------------------------------
    def spec(self) -> HistorySpec:
        return HistorySpec(len(self.state["items"]), len(self.state["users"]))

    @classmethod
    def blank(
        cls, spec: HistorySpec, count: int, *, rng: torch.Generator | None = None, device: torch.device | str = "cpu"
    ) -> History:
        return History(*(tensor.to(device) for tensor in drawn(spec, count, rng)))

    @classmethod
    def call(cls, spec: HistorySpec) -> str:
        return "forward(history) with items, lengths, users and candidates"

    def plain_features(self, columns: Sequence[Column]) -> Any:
        """How often each item was chosen (N, I), sparse."""
        from scipy import sparse

        found = self.encode(columns)["items"]
        assert isinstance(found, Ragged)
        ones, shape = np.ones(len(found.values), np.float32), (len(found), len(self.state["items"]) + 1)
        return sparse.csr_matrix((ones, found.values, found.offsets), shape=shape)

    def facts(self) -> dict[str, Any]:
        return {"items": len(self.state["items"]), "choices": int(self.log.lengths.sum())} if self.state else {}

    # -- explanations and people -------------------------------------------------------------------------------------
    def units(self, batch: History, columns: Sequence[Column]) -> Units:
        return explain.units_of(batch, self.state["items"])

    def without(self, batch: History, units: Units, gone_PU: np.ndarray, filling: Any = None, draw: int = 0) -> History:
        return explain.without(batch, gone_PU)

    def portrait(self, batch: History, units: Units, weights_U: np.ndarray, detail: np.ndarray | None = None) -> Portrait:
        return super().portrait(batch, units, weights_U, detail)

    def render(self, columns: Sequence[Column], row: int) -> str:
        """The user's name and the latest items."""
        told = [column.take(np.array([row])).strings() for column in columns[:1]]
        lists = [c for c in columns[1:] if not c.is_array and pa.types.is_list(c.values.type)]
        items = [str(item) for c in lists for item in (c.values[row].as_py() or ())]
        more = f"… ({len(items) - SHOWN}) " if len(items) > SHOWN else ""
        return f"<p><b>{escape(told[0][0])}</b> {more}{escape(' → '.join(items[-SHOWN:]))}</p>"

    def schema(self) -> dict[str, Any]:
        listed = {"type": "array", "items": {"type": "string"}}
        return {"type": "object", "properties": {"user": {"type": "string"}, "history": listed, "candidates": listed}}

    def sketch(self, columns: Sequence[Column]) -> dict[str, Any]:
        """How long histories are, and what share of their users and items is known."""
        told: dict[str, Any] = {"count": len(columns[0])}
        if not self.state or not len(columns[0]):
            return told
        stored, (_users, items) = self.encode(columns), asking.parts(columns)
        lengths, given = self.lengths(stored), len(items.flatten())
        return told | {
            "length_quantiles": np.quantile(lengths, np.linspace(0, 1, 11)).tolist(),
            "known_users": float((np.asarray(stored["user"]) > 0).mean()),
            "known_items": float(lengths.sum() / given) if given else 1.0,
        }

    def portable(self, *, fixed: bool = False) -> dict[str, Any]:
        if fixed:
            return super().portable(fixed=fixed)
        told = {"kind": "history", "code": ["histories"], "name": self.name, "example": self.example()}
        return told | {name: self.state[name] for name in ("items", "users", "lengths", "chosen")}

"""Items that somebody chooses next: the answer is a ranking of the catalogue, the truth a set in the order of time.

Answers are `item` int64 and `score` float32 (B, K), the best first, 0 where a place stays empty; the truth is `Rows` of items.
B examples, N examples of a table, K places of a ranking, T items of all examples.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from typing import Any, ClassVar, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as _compute
import torch

from fukami.core.cards import FieldCard
from fukami.core.problems import Problem
from fukami.core.tables import Column
from fukami.fields.batch import Rows
from fukami.fields.contract import NOTHING, Arrays, Field, Ragged, TargetField
from fukami.fields.frame import Frame
from fukami.fields.gather import carried
from fukami.fields.history import asking
from fukami.fields.history.packing import Log
from fukami.fields.items.ranked import CLOSED, TOP, Catalogue, best

pc: Any = _compute  # its functions are made when it is imported, so checkers cannot see them
CARD = FieldCard(
    name="items",
    summary="the items that somebody chooses next, as a ranking",
    exempt={
        "recognised": "a list of names is a set of labels, unless histories are to go on",
        "given": "of a ranking the best item alone is taken as true, since a ranking says how many there are of none",
    },
)


@dataclass(frozen=True)
class Items(TargetField):
    """Lists of names of items.

    >>> column = Column("next", pa.array([["b", "a"], ["c"]]), told={"items": ["a", "b", "c"]})
    >>> known = Items("next").learn([column])
    >>> truth = known.truth(known.batch(known.encode([column]), np.array([0, 1])))
    >>> truth.columns["item"].tolist(), truth.counts.tolist(), known.restore(known.ideal(truth))[1]
    ([2, 1, 3], [2, 1], {'items': ['c'], 'scores': [1.0]})
    """

    @dataclass(frozen=True)
    class Options:
        pass

    kind: ClassVar[str] = "items"
    losses: ClassVar[tuple[str, ...]] = ()
    name: str = "items"
    options: Options = Options()
    state: dict[str, Any] = field(default_factory=dict)

    # -- raw cells ---------------------------------------------------------------------------------------------------
    @classmethod
    def specimens(cls, hidden: np.ndarray, rng: np.random.Generator) -> list[Column]:
        """The item of the class; one in forty chooses a rare one besides."""
        names = [f"item{number}" for number in range(12)]
        rows = [[names[int(k) % 6], *([names[6 + n // 40 % 6]] if n % 40 == 39 else [])] for n, k in enumerate(hidden)]
        return [Column("next", pa.array(rows, asking.LISTS), told={"items": names})]

    @classmethod
    def recognise(cls, column: Column) -> float:
        return 0.0 if column.is_array else float(pa.types.is_list(column.values.type)) / 2

    def check(self, columns: Sequence[Column]) -> Iterator[Problem]:
        return iter(())

    def usable(self, columns: Sequence[Column]) -> np.ndarray:
        """Examples that hold an item, of the catalogue once that is learned."""
        _users, items = asking.parts(columns)
        if not self.state:
            return pc.fill_null(pc.list_value_length(items), 0).to_numpy(zero_copy_only=False) > 0
        return np.diff(asking.numbered(items, self.state["items"]).offsets) > 0

    def fingerprint(self, columns: Sequence[Column]) -> np.ndarray:
        return asking.hashed_lists(asking.parts(columns)[1])

    def strata(self, columns: Sequence[Column]) -> np.ndarray:
        """All alike: there are far more items than a split could keep in proportion."""
        return np.zeros(len(columns[0]), np.int64)

    # -- learning and storing ----------------------------------------------------------------------------------------
    def learn(self, columns: Sequence[Column], *, seed: int = 0, beside: Mapping[str, Field] = NOTHING) -> Self:
        """Takes catalogue and choices of the history that it goes on from; by itself, the catalogue as the source tells it."""
        known = next((one.state for one in beside.values() if "chosen" in one.state), None)
        if known is not None:
            state = {name: known[name] for name in ("items", "lengths", "chosen")} | {"users": len(known["users"])}
        else:
            _users, items = asking.parts(columns)
            names = columns[0].told.get("items") or pc.unique(items.flatten()).to_pylist()
            own = asking.numbered(items, names)  # of examples that stand alone each is a user
            lengths, chosen = Log.told(np.diff(own.offsets), own.values)
            state = {"items": list(names), "lengths": lengths, "chosen": chosen, "users": len(own)}
        return replace(self, state=state | {"told": columns[0].told.get("protocol", {})})

    def stored_as(self) -> dict[str, Any]:
        return {"state": {"items": self.state["items"]}}

    def encode(self, columns: Sequence[Column], *, frames: Mapping[str, Frame] = NOTHING) -> Arrays:
        """`items` int32, ragged."""
        return {"items": asking.numbered(asking.parts(columns)[1], self.state["items"])}

    def lengths(self, stored: Arrays) -> np.ndarray:
        found = stored["items"]
        assert isinstance(found, Ragged)
        return np.diff(found.offsets)

    def batch(self, stored: Arrays, rows: np.ndarray, device: torch.device | str = "cpu") -> Rows:
        """`item` int64 (T) of the B examples."""
        found = stored["items"]
        assert isinstance(found, Ragged)
        starts = found.offsets[rows]
        counts_B = (found.offsets[np.asarray(rows) + 1] - starts).astype(np.int64)
        ends_B = np.cumsum(counts_B)
        places_T = np.arange(counts_B.sum()) + np.repeat(starts - (ends_B - counts_B), counts_B)
        return Rows({"item": carried(found.values[places_T].astype(np.int64), device)}, carried(counts_B, device))

    # -- towards models ----------------------------------------------------------------------------------------------
    def target_spec(self) -> Catalogue:
        users, items = Log(self.state["lengths"], self.state["chosen"]).edges()
        return Catalogue(len(self.state["items"]), self.state["users"], torch.tensor(users), torch.tensor(items))

    @property
    def num_statistics(self) -> int:
        """Coverage keeps which items were answered."""
        return len(self.state["items"])

    @property
    def chosen_by(self) -> np.ndarray:
        """float64 (I + 1): the share of training's users who chose each item."""
        log = Log(self.state["lengths"], self.state["chosen"])
        return log.counts(len(self.state["items"])) / max(1, len(log.lengths))

    def facts(self) -> dict[str, Any]:
        return {"catalogue": len(self.state["items"])} if self.state else {}

    # -- from outputs to answers -------------------------------------------------------------------------------------
    def ideal(self, truth: Rows) -> dict[str, Any]:
        """The true items in their order, each with a score of 1."""
        counts_B = torch.as_tensor(truth.counts)
        real_BK = torch.arange(max(1, int(counts_B.max()) if len(counts_B) else 1)) < counts_B[:, None].cpu()
        item_BK = torch.zeros(real_BK.shape, dtype=torch.int64)
        item_BK[real_BK] = torch.as_tensor(truth.columns["item"]).cpu()
        return {"item": item_BK, "score": real_BK.float()}

    def answers(self, outputs: Any, /) -> dict[str, torch.Tensor]:
        """A ranking as it is; of the scores of all items the best that are open."""
        if isinstance(outputs, dict):
            return outputs
        return best(outputs, outputs > CLOSED / 2, TOP)

    def graphed(self, outputs: torch.Tensor) -> dict[str, torch.Tensor]:
        """The scores of all items: which are the best, whoever asks sees."""
        return {"scores": outputs}

    def portable(self, *, fixed: bool = False) -> dict[str, Any]:
        """A program names the ten best."""
        return {"kind": "items", "code": ["items"], "items": self.state["items"], "top": TOP, "closed": CLOSED / 2}

    def from_graph(self, outputs: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        return self.answers(torch.as_tensor(outputs["scores"]))

    def given(self, answers: Mapping[str, torch.Tensor]) -> Rows:
        """The best item of each ranking."""
        first_B = answers["item"][:, 0]
        return Rows({"item": first_B[first_B > 0]}, (first_B > 0).long())

    def restore(self, answers: Mapping[str, Any], *, frames: Mapping[str, Frame] = NOTHING) -> list[dict[str, Any]]:
        """`{"items": [K], "scores": [K]}`, the best first. Scores order the items of one answer and mean nothing else."""
        names, told = self.state["items"], []
        for items, scores in zip(_listed(answers["item"]), _listed(answers["score"]), strict=True):
            pairs = [(names[item - 1], float(f"{score:.6g}")) for item, score in zip(items, scores, strict=True) if item]
            told.append({"items": [name for name, _score in pairs], "scores": [score for _name, score in pairs]})
        return told

    def known(self, truth: Rows) -> list[dict[str, Any]]:
        return [{"items": one["items"]} for one in self.restore(self.ideal(truth))]

    def apart(self, left: Mapping[str, Any], right: Mapping[str, Any]) -> torch.Tensor:
        """The largest difference of an item's two scores; of one that only one ranking names, how far it is from the other's
        last place, where it could have stood."""
        sides = [(torch.as_tensor(a["item"]).cpu(), torch.as_tensor(a["score"]).double().cpu()) for a in (left, right)]
        both = torch.stack([_beyond(*sides[0], *sides[1]), _beyond(*sides[1], *sides[0])])
        return both.amax(0).nan_to_num(nan=torch.inf, posinf=torch.inf)

    # -- people ------------------------------------------------------------------------------------------------------
    def render(self, columns: Sequence[Column], row: int) -> str:
        cell = columns[0].values[row].as_py()
        items = [cell] if isinstance(cell, str) else [str(item) for item in cell or ()]
        return f"<p>{escape(', '.join(items))}</p>"

    def schema(self) -> dict[str, Any]:
        listed = {"type": "array", "items": {"type": "string"}}
        return {"type": "object", "properties": {"items": listed, "scores": {"type": "array", "items": {"type": "number"}}}}

    def sketch(self, columns: Sequence[Column]) -> dict[str, Any]:
        """How many items an example has, and how often the ten most frequent ones stand in it, by rank."""
        flat = asking.parts(columns)[1].flatten()
        counts = np.sort(np.array([one["counts"].as_py() for one in pc.value_counts(flat)], np.int64))[::-1]
        return {"count": len(columns[0]), "items": len(flat), "different": len(counts), "most": counts[:10].tolist()}


def _beyond(item_BK: torch.Tensor, score_BK: torch.Tensor, others_BJ: torch.Tensor, theirs_BJ: torch.Tensor) -> torch.Tensor:
    """How far scores are (B) from those that others give the same items, or give their last."""
    same_BKJ = item_BK[:, :, None] == others_BJ[:, None]
    filled_BJ = others_BJ > 0
    last_B1 = theirs_BJ.masked_fill(~filled_BJ, torch.inf).amin(1, keepdim=True)
    found_BK = torch.where(same_BKJ.any(2), theirs_BJ.gather(1, same_BKJ.int().argmax(2)), last_B1)
    # an item that is told where the other ranking has an empty place is no near miss
    full_B1 = filled_BJ.all(1, keepdim=True) & torch.tensor(others_BJ.shape[1] >= item_BK.shape[1])
    found_BK = found_BK.masked_fill(~same_BKJ.any(2) & ~full_B1, torch.inf)
    return (score_BK - found_BK).abs().masked_fill(item_BK == 0, 0.0).amax(1)


def _listed(values: Any) -> list[list[Any]]:
    return values.tolist()

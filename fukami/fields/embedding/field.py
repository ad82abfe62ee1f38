"""Who or what an example shows, learned as a vector: examples of one identity are near each other, also of identities that were
never seen. B batch, D dimensions, K learned identities, N examples.

A cell names the identity (a person, a product, a place, the meaning of a text). What is learned from are the identities of the
training examples; others are known by a hash of their names alone, which is all that judging takes. Names are compared as those
of classes are (`fields/labels.py`).
"""

import html
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self

import numpy as np
import pyarrow as pa
import torch

from fukami.core.cards import FieldCard
from fukami.core.errors import DataError
from fukami.core.language import _
from fukami.core.problems import Problem
from fukami.core.recipe import option
from fukami.core.seeds import generator
from fukami.core.tables import Column
from fukami.fields import cells
from fukami.fields.contract import NOTHING, Arrays, Field, Ragged, Shared
from fukami.fields.embedding.check import check_identities
from fukami.fields.embedding.pairs import equal_error, tallied
from fukami.fields.frame import Frame
from fukami.fields.gather import gathered
from fukami.fields.labels import label_of, labels_of, listed, positions
from fukami.fields.vectors import Vectors

CARD = FieldCard(
    name="embedding",
    summary="a vector in which examples of one identity are near each other",
    usual_targets=(
        "identity", "id", "person", "person_id", "subject", "who", "product", "product_id", "item", "item_id", "place",
        "landmark_id", "group", "label", "class", "target", "人物", "人物id", "商品", "商品id", "個体", "同一", "ラベル",
    ),
    exempt={
        "restore": "answers are vectors, from which no identity is read",
        "given": "an answer given as a target is a place to be near to",
        "weights": "a copy of an example would be found at once",
    },
)  # fmt: skip

SETTLED_ON = 3000
"""Validation examples of which all pairs are looked at to find where the same begins."""


@dataclass(frozen=True)
class Embedding(Vectors):
    """`state["identities"]` holds names of the learned identities, `counts` their examples; `threshold` is what validation
    answers teach: the similarity from which on two examples count as the same.

    >>> who = Embedding().learn([Column("who", pa.array(["ann", "bob", "ann", "bob"]))])
    >>> who.encode([Column("who", pa.array(["bob", "cid"]))])["index"].tolist()
    [1, -1]
    """

    @dataclass(frozen=True)
    class Options:
        dimension: int = option(128, "Numbers that the vector of an example has.", low=2, high=4096)

    kind: ClassVar[str] = "embedding"
    losses: ClassVar[tuple[str, ...]] = ("arcface", "triplet", "contrastive")
    discrete: ClassVar[bool] = True
    name: str = "identity"
    options: Options = Options()
    state: dict[str, Any] = field(default_factory=dict)

    # -- raw cells ---------------------------------------------------------------------------------------------------
    @classmethod
    def specimens(cls, hidden: np.ndarray, rng: np.random.Generator) -> list[Column]:
        return [Column("identity", pa.array([f"identity{k}" for k in hidden]))]

    @classmethod
    def recognise(cls, column: Column) -> float:
        if column.is_array and column.values.size != len(column):
            return 0.0
        values = cells.arrow(column)
        if not (cells.is_text(values) or pa.types.is_integer(values.type)):
            return 0.0
        present = [label for label in map(label_of, cells.arrow(cells.sample(column, 1000)).to_pylist()) if label is not None]
        if not present or max(map(len, present)) > 120:
            return 0.1
        return 0.9 if len(set(present)) < len(present) else 0.2

    def check(self, columns: Sequence[Column]) -> Iterator[Problem]:
        yield from check_identities(columns[0], learned="identities" in self.state)

    def usable(self, columns: Sequence[Column]) -> np.ndarray:
        return labels_of(columns[0])[0] >= 0

    def fingerprint(self, columns: Sequence[Column]) -> np.ndarray:
        index, names = labels_of(columns[0])
        return hashes(names)[index]

    # -- learning and storing ----------------------------------------------------------------------------------------
    def learn(self, columns: Sequence[Column], *, seed: int = 0, beside: Mapping[str, Field] = NOTHING) -> Self:
        """Takes the names of identities and their counts. Raises `DataError` where nothing can be learned from them."""
        index, names = labels_of(columns[0])
        counts = np.bincount(index[index >= 0], minlength=len(names))
        if len(names) < 2 or counts.max() < 2:
            raise DataError(
                "F-EMBEDDING-ALIKE",
                _("nothing says what is alike: that takes two identities, and one with two examples"),
                where=cells.place(columns[0]),
                expected=_("several examples of each of several identities"),
                got=listed(names) or _("no identity"),
            )
        return replace(self, state={"identities": names, "counts": counts.tolist()})

    def encode(self, columns: Sequence[Column], *, frames: Mapping[str, Frame] = NOTHING) -> Arrays:
        """`identity` int64 (N), a hash of the name, and `index` int32 (N), its place among the learned, -1 for others."""
        index, names = labels_of(columns[0])
        known = positions(self.state["identities"])
        place = np.array([*(known.get(name, -1) for name in names), -1], np.int32)
        return {"identity": hashes(names).view(np.int64)[index], "index": place[index]}

    def stored_as(self) -> dict[str, Any]:
        return {"identities": self.state.get("identities")}

    def batch(self, stored: Arrays, rows: np.ndarray, device: torch.device | str = "cpu") -> dict[str, torch.Tensor]:
        """`identity_B` and `index_B`, int64."""
        identity, index = stored["identity"], stored["index"]
        assert not isinstance(identity, (Ragged, Shared)) and not isinstance(index, (Ragged, Shared))
        return {"identity": gathered(identity, rows, device), "index": gathered(index, rows, device).long()}

    # -- answers -----------------------------------------------------------------------------------------------------
    @property
    def dimension(self) -> int:
        return self.options.dimension

    @property
    def num_identities(self) -> int:
        """How many identities were learned from: K."""
        return len(self.state["identities"])

    @property
    def same_from(self) -> float | None:
        return self.state.get("threshold")

    def answers(self, outputs: Mapping[str, torch.Tensor], /) -> torch.Tensor:
        """`vectors_BD` of length 1."""
        return torch.nn.functional.normalize(outputs["vector"].float(), dim=-1)

    def ideal(self, truth: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """A random direction for each identity, and each example a little beside it: at 128 dimensions two hardly meet."""
        found, place_B = torch.unique(truth["identity"].cpu(), return_inverse=True)
        drawn = [generator(one, "identity").standard_normal(self.dimension) for one in found.tolist()]
        beside_BD = generator(0, "ideal").standard_normal((len(place_B), self.dimension)) / 20
        vectors_BD = torch.from_numpy(np.array(drawn, np.float32)[place_B.numpy()] + beside_BD.astype(np.float32))
        return torch.nn.functional.normalize(vectors_BD, dim=-1)

    def given(self, answers: torch.Tensor) -> dict[str, torch.Tensor]:
        """A place to be near to, rather than an identity: see `objectives/alike.py`."""
        return {"vector": answers}

    @property
    def settles(self) -> bool:
        return True

    def settled(self, answers: torch.Tensor, truth: Mapping[str, torch.Tensor]) -> Self:
        """A copy with the similarity at which as many of the same are missed as others are taken for the same."""
        step = -(-len(answers) // SETTLED_ON)
        vectors_ND, identity_N = (np.asarray(one[::step].cpu()) for one in (answers, truth["identity"]))
        threshold = equal_error(*tallied(vectors_ND, identity_N))[1]
        return replace(self, state={**self.state, "threshold": threshold}) if np.isfinite(threshold) else self.unsettled()

    def unsettled(self) -> Self:
        return replace(self, state={name: value for name, value in self.state.items() if name != "threshold"})

    def restore(self, answers: torch.Tensor, *, frames: Mapping[str, Frame] = NOTHING) -> list[dict[str, Any]]:
        """`{"embedding": [D numbers]}`."""
        return [{"embedding": row} for row in answers.tolist()]

    def known(self, truth: Mapping[str, torch.Tensor]) -> list[dict[str, Any]]:
        return [{"identity": name} for name in self.names(truth)]

    def names(self, truth: Mapping[str, torch.Tensor]) -> list[str]:
        """Names of learned identities; others, of which only a hash is kept, as `#` and the hash."""
        names, both = self.state["identities"], zip(truth["index"].tolist(), truth["identity"].tolist(), strict=True)
        return [names[k] if k >= 0 else f"#{identity & 2**64 - 1:016x}" for k, identity in both]

    def drawn(
        self, told: Any, *, columns: Sequence[Column], row: int, frames: Mapping[str, Frame] = NOTHING, over: str = ""
    ) -> str:
        """The name that the cell has; of the example that was found nearest, where an answer tells one."""
        if not isinstance(told, dict) or not columns:
            return ""
        place = told.get("nearest", row)
        return self.render(columns, place) if place < len(columns[0]) else ""

    # -- towards recipes, people and programs ------------------------------------------------------------------------
    def render(self, columns: Sequence[Column], row: int) -> str:
        (value,) = cells.arrow(columns[0].take(np.array([row]))).to_pylist()
        label = label_of(value)
        return f"<span>{html.escape(label)}</span>" if label is not None else "<span>–</span>"

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "description": _("who or what the example shows")}

    def sketch(self, columns: Sequence[Column]) -> dict[str, Any]:
        """How many identities there are, and how many examples they have."""
        index, names = labels_of(columns[0])
        counts = np.bincount(index[index >= 0], minlength=len(names))
        told = np.quantile(counts, [0, 0.25, 0.5, 0.75, 1]).tolist() if len(counts) else []
        return {"count": len(index), "missing": int((index < 0).sum()), "identities": len(names), "count_quantiles": told}

    def portable(self, *, fixed: bool = False) -> dict[str, Any]:
        return {"kind": "embedding", "code": ["embedding"]}

    def facts(self) -> dict[str, Any]:
        return {"num_identities": self.num_identities} if "identities" in self.state else {}


def hashes(names: Sequence[str]) -> np.ndarray:
    """uint64 (K + 1) of names, the last for a missing one."""
    return cells.hashes([*(name.encode("utf-8", "surrogatepass") for name in names), b""])

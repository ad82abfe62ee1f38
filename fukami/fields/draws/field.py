"""What is drawn rather than read. A cell is a number, the seed from which everything that chance decides of an example follows.

    7        the example of seed 7
    0:16     those of seeds 0 to 15

B seeds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from fukami.core.cards import FieldCard
from fukami.core.errors import UsageError
from fukami.core.language import _
from fukami.core.lazily import torch
from fukami.core.problems import Problem
from fukami.core.tables import Column
from fukami.fields import cells
from fukami.fields.contract import NOTHING, Arrays, Field, InputField
from fukami.fields.draws.spec import DrawsSpec
from fukami.fields.frame import Frame
from fukami.fields.gather import gathered
from fukami.fields.units import Portrait, Units

CARD = FieldCard(
    name="draws",
    summary="what is drawn by chance, by the seed from which it follows",
    columns="none",
    reference="seeds alone",
    exempt={
        "recognised": "nothing of it is read from data: no column holds it",
        "explained": "a seed has no parts that could be weighed",
    },
)

MOST = 10_000
"""Seeds of one range."""
_SEED, _RANGE = re.compile(r"\s*\d{1,18}\s*"), re.compile(r"\s*(\d{1,18}):(\d{1,18})\s*")


@dataclass(frozen=True)
class Draws(InputField):
    """Seeds, from which a model draws its noise.

    >>> Draws().several("2:5"), Draws().batch({"seed": np.array([3, 4])}, np.array([1])).tolist()
    ([2, 3, 4], [4])
    """

    @dataclass(frozen=True)
    class Options:
        pass

    kind: ClassVar[str] = "draws"
    Spec: ClassVar[type] = DrawsSpec
    name: str = "draws"
    options: Options = Options()
    state: dict[str, Any] = field(default_factory=dict)

    # -- raw cells ---------------------------------------------------------------------------------------------------
    @classmethod
    def specimens(cls, hidden: np.ndarray, rng: np.random.Generator) -> list[Column]:
        """Different seeds; what is hidden cannot be seen in one."""
        return [Column("draws", rng.permutation(10 * len(hidden))[: len(hidden)])]

    @classmethod
    def recognise(cls, column: Column) -> float:
        return 0.0

    def check(self, columns: Sequence[Column]) -> Iterator[Problem]:
        return iter(())

    def usable(self, columns: Sequence[Column]) -> np.ndarray:
        return _seeds(columns[0]) >= 0

    def fingerprint(self, columns: Sequence[Column]) -> np.ndarray:
        return cells.hash_numbers(_seeds(columns[0]).astype(np.float64))

    def gather(self, values: Sequence[Any]) -> list[Column]:
        """Seeds as numbers or text, or `{"seed": 7}`. Raises `UsageError` F-DRAWS-SEED for what is none."""
        return [Column(self.name, np.array([_seed(value) for value in values], np.int64))]

    def several(self, value: Any) -> list[Any] | None:
        """A range, as text: `0:16`. Raises `UsageError` F-DRAWS-RANGE for one that is empty, or of more than 10,000."""
        found = _RANGE.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            return None
        first, end = int(found[1]), int(found[2])
        if not first < end <= first + MOST:
            raise UsageError(
                "F-DRAWS-RANGE",
                _("a range of seeds goes from the first to before the last"),
                expected=_("at most {n} seeds, such as {example}").format(n=f"{MOST:,}", example="0:16"),
                got=value,
            )
        return list(range(first, end))

    def example(self) -> str:
        return "0:16"

    # -- learning and storing ----------------------------------------------------------------------------------------
    def learn(self, columns: Sequence[Column], *, seed: int = 0, beside: Mapping[str, Field] = NOTHING) -> Self:
        return self

    def encode(self, columns: Sequence[Column], *, frames: Mapping[str, Frame] = NOTHING) -> Arrays:
        """`seed` int64 (N)."""
        return {"seed": _seeds(columns[0])}

    def batch(self, stored: Arrays, rows: np.ndarray, device: torch.device | str = "cpu") -> torch.Tensor:
        """`seed_B` int64."""
        seeds = stored["seed"]
        assert isinstance(seeds, np.ndarray | torch.Tensor)
        return gathered(seeds, rows, device)

    # -- towards models, people and programs -------------------------------------------------------------------------
    def spec(self) -> DrawsSpec:
        return DrawsSpec()

    @classmethod
    def blank(
        cls, spec: DrawsSpec, count: int, *, rng: torch.Generator | None = None, device: torch.device | str = "cpu"
    ) -> torch.Tensor:
        seeds = torch.zeros(count, dtype=torch.int64)
        return (seeds if rng is None else torch.randint(1 << 40, (count,), generator=rng)).to(device)

    def plain_features(self, columns: Sequence[Column]) -> np.ndarray:
        """Nothing: a seed says nothing."""
        return np.zeros((len(columns[0]), 1), np.float32)

    def render(self, columns: Sequence[Column], row: int) -> str:
        seed = int(_seeds(columns[0].take(np.array([row])))[0])
        return f"<span>{seed if seed >= 0 else '–'}</span>"

    def schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": 0, "description": _("the seed of what is drawn")}

    def sketch(self, columns: Sequence[Column]) -> dict[str, Any]:
        return {"count": len(columns[0])}

    def portable(self, *, fixed: bool = False) -> dict[str, Any]:
        return {"kind": self.kind, "name": self.name, "code": ["seeds"], "arguments": "seeds_typed", "example": 7}

    def as_inputs(self, columns: Sequence[Column], rows: np.ndarray, folder: Path) -> list[Any]:
        return _seeds(columns[0].take(rows)).tolist()

    # -- explanations: a seed is one whole ---------------------------------------------------------------------------
    def units(self, batch: Any, columns: Sequence[Column]) -> Units:
        raise _whole(self.kind)

    def without(self, batch: Any, units: Units, gone_PU: np.ndarray, filling: Any = None, draw: int = 0) -> Any:
        raise _whole(self.kind)

    def portrait(self, batch: Any, units: Units, weights_U: np.ndarray, detail: np.ndarray | None = None) -> Portrait:
        raise _whole(self.kind)


def _seeds(column: Column) -> np.ndarray:
    """int64 (N); -1 for what is no seed."""
    if isinstance(column.values, np.ndarray) and column.values.dtype.kind in "iu" and column.values.ndim == 1:
        return column.values.astype(np.int64)
    return np.array([int(text) if _SEED.fullmatch(text) else -1 for text in column.strings()], np.int64)


def _seed(value: Any) -> int:
    told = value.get("seed") if isinstance(value, Mapping) else value
    if isinstance(told, bool) or not _SEED.fullmatch(str(told)):
        raise UsageError(
            "F-DRAWS-SEED",
            _("pictures are drawn from a seed, and this is none"),
            expected=_("a whole number, or a range of them: {examples}").format(examples="7, 0:16"),
            got=str(told)[:80],
        )
    return int(str(told))


def _whole(kind: str) -> NotImplementedError:
    return NotImplementedError(f"an example of the kind {kind} has no parts that could be taken away")

"""How an agent fares: the sum of rewards of an episode, its length, what was done in it. Beforehand its seed alone is known.

B episodes, T actions of all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
import pyarrow as pa

from fukami.core.cards import FieldCard
from fukami.core.lazily import torch
from fukami.core.problems import Problem
from fukami.core.tables import Column
from fukami.fields import batch as trees
from fukami.fields.cells import hash_numbers
from fukami.fields.contract import NOTHING, Arrays, Field, TargetField
from fukami.fields.environment.worlds import Played, episodes
from fukami.fields.frame import Frame
from fukami.fields.gather import gathered

CARD = FieldCard(
    name="episode",
    summary="an episode that is to be lived through: what it brings, and what is done in it",
    exempt={"recognised": "the agent makes it: no column of data holds one"},
)


@dataclass(frozen=True)
class Episode(TargetField):
    """Answers are `{"seed", "return", "length"}` of B episodes, with `actions` as `Rows`; the truth is the seed (B).

    >>> played = Played(np.array([7]), np.array([9.0]), np.array([2]), [np.array([1, 0])])
    >>> Episode().restore(Episode().answers(played))
    [{'seed': 7, 'return': 9.0, 'length': 2, 'actions': [1, 0]}]
    """

    @dataclass(frozen=True)
    class Options:
        pass

    kind: ClassVar[str] = "episode"
    losses: ClassVar[tuple[str, ...]] = ()
    name: str = "episode"
    options: Options = Options()
    state: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def recognise(cls, column: Column) -> float:
        return 0.0

    def check(self, columns: Sequence[Column]) -> Iterator[Problem]:
        return iter(())

    def fingerprint(self, columns: Sequence[Column]) -> np.ndarray:
        return hash_numbers(episodes(columns[0])[1].astype(np.float64))

    def strata(self, columns: Sequence[Column]) -> np.ndarray:
        """Nothing is to be kept in proportion."""
        return np.zeros(len(columns[0]), np.int64)

    def learn(self, columns: Sequence[Column], *, seed: int = 0, beside: Mapping[str, Field] = NOTHING) -> Self:
        return self

    def encode(self, columns: Sequence[Column], *, frames: Mapping[str, Frame] = NOTHING) -> Arrays:
        """`seed` int64 (N)."""
        return {"seed": episodes(columns[0])[1]}

    def batch(self, stored: Arrays, rows: np.ndarray, device: torch.device | str = "cpu") -> torch.Tensor:
        """`seed_B` int64."""
        seeds = stored["seed"]
        assert isinstance(seeds, np.ndarray | torch.Tensor)
        return gathered(seeds, rows, device)

    def answers(self, outputs: Played) -> dict[str, Any]:
        """Episodes as they were played."""
        done = np.concatenate([np.empty(0, np.int64), *outputs.actions])
        lengths = torch.from_numpy(outputs.lengths.astype(np.int64))
        return {
            "seed": torch.from_numpy(outputs.seeds),
            "return": torch.from_numpy(outputs.returns),
            "length": lengths,
            "actions": trees.Rows({"action": torch.from_numpy(done)}, lengths),
        }

    def ideal(self, truth: torch.Tensor) -> dict[str, Any]:
        """Nobody knows what an episode can bring at most: figures that differ from one to the other, without any actions."""
        seeds, none = truth.cpu().numpy(), np.zeros(len(truth), np.int64)
        found = self.answers(Played(seeds, (seeds % 100).astype(np.float64), none, []))
        return found | {"length": truth % 100}

    def given(self, answers: dict[str, Any]) -> torch.Tensor:
        """`seed_B`: the same episodes."""
        return answers["seed"]

    def restore(self, answers: dict[str, Any], *, frames: Mapping[str, Frame] = NOTHING) -> list[dict[str, Any]]:
        """`{"seed", "return", "length", "actions"}`."""
        actions = [done["action"].tolist() for done in answers["actions"].each()]
        told = zip(*(answers[name].tolist() for name in ("seed", "return", "length")), actions, strict=True)
        return [dict(zip(("seed", "return", "length", "actions"), one, strict=True)) for one in told]

    def known(self, truth: torch.Tensor) -> list[dict[str, Any]]:
        """`{"seed"}`."""
        return [{"seed": seed} for seed in truth.tolist()]

    def apart(self, left: dict[str, Any], right: dict[str, Any]) -> torch.Tensor:
        """How far the sums of rewards are from each other."""
        return torch.as_tensor(left["return"] - right["return"]).abs().double()

    def render(self, columns: Sequence[Column], row: int) -> str:
        return "<span>–</span>"

    def schema(self) -> dict[str, Any]:
        numbers = {"type": "array", "items": {"type": "integer"}}
        return {
            "type": "object",
            "properties": {"return": {"type": "number"}, "length": {"type": "integer"}, "actions": numbers},
        }

    def sketch(self, columns: Sequence[Column]) -> dict[str, Any]:
        return {"count": len(columns[0])}

    @classmethod
    def specimens(cls, hidden: np.ndarray, rng: np.random.Generator) -> list[Column]:
        """Episodes of the usual first environment."""
        seeds = rng.permutation(10 * len(hidden))[: len(hidden)].tolist()
        return [Column("episode", pa.array([f"CartPole-v1#{seed}" for seed in seeds]))]


def greedy(values_BA: torch.Tensor) -> torch.Tensor:
    """The action of the highest value (B) of the A that each can take; of equal ones the first.

    >>> greedy(torch.tensor([[0.0, 2.0, 1.0], [3.0, 3.0, 0.0]])).tolist()
    [1, 0]
    """
    return values_BA.argmax(1)

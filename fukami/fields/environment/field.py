"""Environments that an agent acts in. A cell is one episode: its environment's name, and the seed of all chance in it.

    CartPole-v1#7        episode 7 of CartPole-v1
    7                    the same, once the field knows its environment

B episodes, N numbers of an observation.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import pyarrow as pa

from fukami.core.cards import FieldCard
from fukami.core.errors import DataError
from fukami.core.language import _
from fukami.core.lazily import torch
from fukami.core.problems import Problem
from fukami.core.recipe import option
from fukami.core.tables import Column
from fukami.fields import cells
from fukami.fields.contract import NOTHING, Arrays, Field, InputField, Ragged, Shared
from fukami.fields.environment.check import check_episodes
from fukami.fields.environment.render import world_from
from fukami.fields.environment.spec import ObservationSpec
from fukami.fields.environment.worlds import CELL, Played, Policy, World, episodes, play, world_of
from fukami.fields.frame import Frame
from fukami.fields.gather import gathered
from fukami.fields.units import Portrait, Units

CARD = FieldCard(
    name="environment",
    summary="an episode in an environment of gymnasium, by its name and seed",
    reference="an environment that shows 4 numbers and offers 2 actions",
    exempt={
        "batches": "a batch names episodes by their seeds, an agent sees the observations in them",
        "explained": "what an agent sees changes with what it does: nothing offers to explain it yet",
    },
    usual_inputs=("environment", "episode", "env", "環境", "エピソード"),
)


@dataclass(frozen=True)
class Environment(InputField):
    """Episodes of one environment. `state` holds what is known of it: sizes, bounds, the longest episode."""

    @dataclass(frozen=True)
    class Options:
        scaled: bool = option(True, "Bring numbers of an observation that have bounds between -1 and 1.")

    kind: ClassVar[str] = "environment"
    Spec: ClassVar[type] = ObservationSpec
    name: str = "environment"
    options: Options = Options()
    state: dict[str, Any] = field(default_factory=dict)

    # -- raw cells ---------------------------------------------------------------------------------------------------
    @classmethod
    def recognise(cls, column: Column) -> float:
        if column.is_array and column.values.dtype.kind not in "OUST":
            return 0.0
        values = cells.arrow(cells.sample(column))
        found = [text for text in values.to_pylist() if text] if cells.is_text(values) else []
        return sum("#" in text and bool(CELL.fullmatch(text.strip())) for text in found) / max(1, len(found))

    @property
    def world(self) -> World:
        """What was learned of the environment."""
        return world_from(self.state)

    def check(self, columns: Sequence[Column]) -> Iterator[Problem]:
        names, seeds = episodes(columns[0])
        yield from check_episodes(columns[0], names, seeds, str(self.state.get("id", "")))

    def usable(self, columns: Sequence[Column]) -> np.ndarray:
        names, seeds = episodes(columns[0])
        known = self.state.get("id", "")
        return (seeds >= 0) & np.array([not known or name in ("", known) for name in names], bool)

    def fingerprint(self, columns: Sequence[Column]) -> np.ndarray:
        _names, seeds = episodes(columns[0])
        return cells.hash_numbers(seeds.astype(np.float64))

    # -- learning and storing ----------------------------------------------------------------------------------------
    def learn(self, columns: Sequence[Column], *, seed: int = 0, beside: Mapping[str, Field] = NOTHING) -> Self:
        """Looks at the environment itself: what it shows, and what may be done in it. Nothing is learned from episodes.

        Raises `DataError` where no environment is named, or several are, and what `world_of` raises.
        """
        names = set(filter(None, episodes(columns[0])[0]))
        if len(names) != 1:
            raise DataError(
                "F-ENVIRONMENT-ONE",
                _("an agent learns in one environment at a time"),
                where=cells.place(columns[0]),
                expected="NAME#SEED",
                got=", ".join(sorted(names)[:5]) or _("no name of an environment"),
                fix=f"fukami train reinforcement-learning {min(names, default='CartPole-v1')}",
            )
        told = asdict(world_of(names.pop()))
        if not self.options.scaled:
            told |= {"centre": [0.0] * told["num_numbers"], "scale": [1.0] * told["num_numbers"]}
        state = {name: list(v) if isinstance(v, tuple) else v for name, v in told.items()}
        return type(self)(name=self.name, options=self.options, state=state)

    def encode(self, columns: Sequence[Column], *, frames: Mapping[str, Frame] = NOTHING) -> Arrays:
        """`seed` int64 (N)."""
        return {"seed": episodes(columns[0])[1]}

    def stored_as(self) -> dict[str, Any]:
        return {}

    def batch(self, stored: Arrays, rows: np.ndarray, device: torch.device | str = "cpu") -> dict[str, torch.Tensor]:
        """`seed` int64 (B): episodes are played when they are asked for."""
        seeds = stored["seed"]
        assert not isinstance(seeds, Ragged | Shared)
        return {"seed": gathered(seeds, rows, device)}

    # -- acting ------------------------------------------------------------------------------------------------------
    def play(self, seeds: np.ndarray, policy: Policy) -> Played:
        """Episodes of `seeds` (B) from beginning to end."""
        return play(self.world, seeds.tolist(), policy)

    # -- towards people and programs ---------------------------------------------------------------------------------
    def facts(self) -> dict[str, Any]:
        return {name: self.state[name] for name in ("id", "num_numbers", "num_actions", "limit") if name in self.state}

    def gather(self, values: Sequence[Any]) -> list[Column]:
        """Seeds as numbers or text, `NAME#SEED`, or `{"seed": 7}`."""
        told = [value.get("seed") if isinstance(value, Mapping) else value for value in values]
        return [Column(self.name, pa.array([None if value is None else str(value) for value in told], pa.string()))]

    def example(self) -> str:
        return "7"

    def render(self, columns: Sequence[Column], row: int) -> str:
        (text,) = cells.strings(columns[0].take(np.array([row])))
        return f"<span>{html.escape(text[:80]) or '–'}</span>"

    def schema(self) -> dict[str, Any]:
        return {"type": ["integer", "string"], "description": "the seed of an episode"}

    def sketch(self, columns: Sequence[Column]) -> dict[str, Any]:
        return {"count": len(columns[0]), "environment": self.state.get("id", "")}

    def spec(self) -> ObservationSpec:
        return ObservationSpec(self.state["num_numbers"], self.state["num_actions"])

    @classmethod
    def blank(
        cls, spec: ObservationSpec, count: int, *, rng: torch.Generator | None = None, device: torch.device | str = "cpu"
    ) -> torch.Tensor:
        """Observations (B, N), of which a network of this kind tells what each action is worth."""
        seen_BN = torch.zeros(count, spec.num_numbers)
        return (seen_BN if rng is None else torch.randn(seen_BN.shape, generator=rng)).to(device)

    def plain_features(self, columns: Sequence[Column]) -> np.ndarray:
        """Nothing: a seed says nothing of what an agent should do."""
        return np.zeros((len(columns[0]), 1), np.float32)

    def as_inputs(self, columns: Sequence[Column], rows: np.ndarray, folder: Path) -> list[Any]:
        return episodes(columns[0].take(rows))[1].tolist()

    # -- explanations: an episode is one whole -----------------------------------------------------------------------
    def units(self, batch: Any, columns: Sequence[Column]) -> Units:
        raise _whole(self.kind)

    def without(self, batch: Any, units: Units, gone_PU: np.ndarray, filling: Any = None, draw: int = 0) -> Any:
        raise _whole(self.kind)

    def portrait(self, batch: Any, units: Units, weights_U: np.ndarray, detail: np.ndarray | None = None) -> Portrait:
        raise _whole(self.kind)

    @classmethod
    def specimens(cls, hidden: np.ndarray, rng: np.random.Generator) -> list[Column]:
        """Episodes of the usual first environment; what is hidden cannot be seen in a seed."""
        seeds = rng.permutation(10 * len(hidden))[: len(hidden)]
        return [Column("environment", pa.array([f"CartPole-v1#{seed}" for seed in seeds.tolist()]))]


def _whole(kind: str) -> NotImplementedError:
    return NotImplementedError(f"an example of the kind {kind} has no parts that could be taken away")

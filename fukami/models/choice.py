"""A model that was asked for, as a value: what `registry` resolves a name to, and what `checkpoint` finds in a folder."""

from dataclasses import dataclass
from typing import Any

from fukami.core.cards import ModelCard


@dataclass(frozen=True)
class Choice:
    """A model that was asked for: its family, the name as typed, the size, and the options that these imply.

    `weights` is a folder where the name was that of a checkpoint: its weights are meant as well. `takes` is the kind of input
    that it is meant for: some families read several.
    """

    card: ModelCard
    name: str
    size: str
    options: dict[str, Any]
    weights: str = ""
    takes: str = ""

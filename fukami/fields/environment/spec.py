"""What an agent's network has to know of its environment."""

from dataclasses import dataclass
from typing import Self

from fukami.core.specs import Spec


@dataclass(frozen=True)
class ObservationSpec(Spec):
    """What an agent sees at a time, and what it may do: `observations_BN` float32, actions `0 … num_actions - 1`."""

    num_numbers: int
    num_actions: int
    kind: str = "environment"

    @classmethod
    def reference(cls) -> Self:
        return cls(num_numbers=4, num_actions=2)

    @classmethod
    def small(cls) -> Self:
        return cls(num_numbers=4, num_actions=2)

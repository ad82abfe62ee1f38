"""What a model has to know of what it draws from: nothing; how large its noise is, its own answers decide."""

from dataclasses import dataclass
from typing import Self

from fukami.core.specs import Spec


@dataclass(frozen=True)
class DrawsSpec(Spec):
    """Seeds `seed_B` int64."""

    kind: str = "draws"

    @classmethod
    def reference(cls) -> Self:
        return cls()

    @classmethod
    def small(cls) -> Self:
        return cls()

"""What a field tells a model about the tensors it will be given, in plain numbers.

A model's `build(spec, …)` sizes itself from these. B is the batch, C channels, H and W pixels, L tokens or steps, N numbers,
M categories.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import Self


@dataclass(frozen=True)
class Spec(ABC):
    """The sizes of one kind of input. Finished specs are frozen dataclasses of plain values."""

    @property
    @abstractmethod
    def kind(self) -> str:
        """The kind of the field that gives it."""

    @classmethod
    @abstractmethod
    def reference(cls) -> Self:
        """The inputs that listed parameter counts refer to; the field's card says them in words."""

    @classmethod
    @abstractmethod
    def small(cls) -> Self:
        """Inputs for which laws build every family: a network answers them in moments."""

    def at_least(self, side: int) -> Self:
        """Enlarged for a family that takes nothing smaller than `side`; the same where there is no side."""
        return self


Specs = Spec | dict[str, Spec]
"""What a model is built for: one input, or several by name."""


@dataclass(frozen=True)
class ImageSpec(Spec):
    """Float images `x_BCHW`, normalised."""

    channels: int
    height: int
    width: int
    kind: str = "image"

    @classmethod
    def reference(cls) -> Self:
        return cls(channels=3, height=32, width=32)

    @classmethod
    def small(cls) -> Self:
        return cls(channels=1, height=32, width=32)

    def at_least(self, side: int) -> Self:
        return replace(self, height=max(self.height, side), width=max(self.width, side))


@dataclass(frozen=True)
class TokenSpec(Spec):
    """Token numbers: a `Tokens(ids_BL, lengths_B)`; id `pad` fills the end of shorter rows."""

    vocabulary_size: int
    max_tokens: int
    pad: int = 0
    kind: str = "text"
    special: tuple[tuple[str, int], ...] = ()
    """Ids of the other special tokens that the vocabulary has, e.g. `(("cls", 2), ("sep", 3), ("mask", 4), ("unk", 1))`."""
    shared: bool = False
    """Of a target: whether its ids mean what those of the input do."""

    @classmethod
    def reference(cls) -> Self:
        return cls(vocabulary_size=16_000, max_tokens=256)

    @classmethod
    def small(cls) -> Self:
        return cls(vocabulary_size=40, max_tokens=16)


@dataclass(frozen=True)
class RowSpec(Spec):
    """Rows of a table: a `Cells(numbers_BN, categories_BM)`.

    `numbers_BN` are standardised floats, missing ones 0; `categories_BM` are ints below `cardinalities[m]`, 0 for unknown or
    missing.
    `edges[n]` are the increasing quantile edges of number n in the same standardised unit, for piecewise-linear embeddings.
    `missing` are the numbers that some rows lack: of each in turn one of the last numbers is 1 where it is missing, else 0.
    """

    num_numbers: int
    cardinalities: tuple[int, ...]
    edges: tuple[tuple[float, ...], ...] = ()
    kind: str = "row"
    missing: tuple[int, ...] = ()

    @classmethod
    def reference(cls) -> Self:
        return cls(num_numbers=10, cardinalities=(10, 10, 10))

    @classmethod
    def small(cls) -> Self:
        edges = ((-1.5, -0.5, 0.0, 0.5, 1.5), (-1.0, 0.0, 1.0), (-2.0, 2.0))
        return cls(num_numbers=3, cardinalities=(4, 3), edges=edges)


@dataclass(frozen=True)
class SeriesSpec(Spec):
    """`x_BLC`: L steps of C channels, standardised."""

    steps: int
    channels: int
    kind: str = "series"

    @classmethod
    def reference(cls) -> Self:
        return cls(steps=336, channels=7)

    @classmethod
    def small(cls) -> Self:
        return cls(steps=12, channels=2)

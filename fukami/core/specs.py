"""What a field tells a model about the tensors it will be given, in plain numbers.

A model's `build(spec, …)` sizes itself from these. B is the batch, C channels, H and W pixels, L tokens, N numbers,
M categories.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class ImageSpec:
    """Float images `x_BCHW`, normalised."""

    channels: int
    height: int
    width: int
    kind: str = "image"


@dataclass(frozen=True)
class TokenSpec:
    """Token numbers: a `Tokens(ids_BL, lengths_B)`; id `pad` fills the end of shorter rows."""

    vocabulary_size: int
    max_tokens: int
    pad: int = 0
    kind: str = "text"
    special: tuple[tuple[str, int], ...] = ()
    """Ids of the other special tokens that the vocabulary has, e.g. `(("cls", 2), ("sep", 3), ("mask", 4), ("unk", 1))`."""


@dataclass(frozen=True)
class RowSpec:
    """Rows of a table: a `Cells(numbers_BN, categories_BM)`.

    `numbers_BN` are standardised floats, missing ones 0; `categories_BM` are ints below `cardinalities[m]`, 0 for unknown or
    missing.
    `edges[n]` are the increasing quantile edges of number n in the same standardised unit, for piecewise-linear embeddings.
    """

    num_numbers: int
    cardinalities: tuple[int, ...]
    edges: tuple[tuple[float, ...], ...] = ()
    kind: str = "row"


Spec = ImageSpec | TokenSpec | RowSpec

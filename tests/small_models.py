"""Small inputs for every kind of model, shared by the tests of models. Not a test itself."""

from typing import Any

import torch

from fukami.core.cards import ModelCard, cards
from fukami.core.specs import ImageSpec, RowSpec, Spec, TokenSpec
from fukami.fields.contract import Cells, Tokens
from fukami.models import registry

EDGES = ((-1.5, -0.5, 0.0, 0.5, 1.5), (-1.0, 0.0, 1.0), (-2.0, 2.0))


def families() -> list[tuple[str, str, str]]:
    """(card, kind of input, kind of features) of every model that needs no name of a library."""
    return [
        (card.name, takes, gives)
        for card in cards("models").values()
        if not card.prefix
        for takes in card.takes
        for gives in card.gives
        if takes != "row" or gives == "vector"
    ]


def small_spec(card: ModelCard, takes: str, least_px: int = 32) -> Spec:
    if takes == "image":
        side = max(least_px, int(card.image.get("least_size_px", 0)))
        return ImageSpec(channels=1, height=side, width=side)
    if takes == "text":
        return TokenSpec(vocabulary_size=40, max_tokens=16)
    return RowSpec(num_numbers=3, cardinalities=(4, 3), edges=EDGES)


def small_batch(spec: Spec, count: int = 3, seed: int = 0, dtype: torch.dtype = torch.float32) -> Any:
    rng = torch.Generator().manual_seed(seed)
    if isinstance(spec, ImageSpec):
        return torch.randn(count, spec.channels, spec.height, spec.width, generator=rng).to(dtype)
    if isinstance(spec, TokenSpec):
        lengths = torch.tensor([7, 1, 4, 2, 6])[:count]
        ids = torch.randint(2, spec.vocabulary_size, (count, 7), generator=rng)
        return Tokens(ids.masked_fill(torch.arange(7) >= lengths[:, None], spec.pad), lengths)
    categories = torch.stack([torch.randint(0, n, (count,), generator=rng) for n in spec.cardinalities], dim=1)
    return Cells(torch.randn(count, spec.num_numbers, generator=rng).to(dtype), categories)


def alone(batch: Any, row: int) -> Any:
    """One example of a batch as it would come by itself: without the padding that the others made necessary."""
    if isinstance(batch, Tokens):
        length = int(batch.lengths[row])
        return Tokens(batch.ids[row : row + 1, :length], batch.lengths[row : row + 1])
    if isinstance(batch, Cells):
        return Cells(batch.numbers[row : row + 1], batch.categories[row : row + 1])
    return batch[row : row + 1]


def small_model(
    name: str, takes: str, gives: str = "vector", *, least_px: int = 32, **options: Any
) -> tuple[registry.Choice, Spec, Any]:
    """The family's first size for small inputs, pictures of `least_px`: choice, spec and encoder."""
    card = cards("models").get(name)
    size = next(iter(card.sizes), "") if card else ""
    choice = registry.resolve(name, size, takes=takes, needs=gives)
    spec = small_spec(choice.card, takes, least_px)
    torch.manual_seed(0)
    return choice, spec, registry.build(choice, spec, gives=gives, options=options)

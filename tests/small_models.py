"""Small models and inputs for every kind there is, shared by tests. Not a test itself."""

from dataclasses import replace
from typing import Any

import torch
from torch.nn import functional as F

from fukami.core.cards import ModelCard, cards
from fukami.core.specs import Spec
from fukami.fields.batch import mapped
from fukami.fields.registry import input_class
from fukami.models import registry


def families() -> list[tuple[str, str, str]]:
    """(card, kind of input, kind of features) of every model that needs no name of a library."""
    return [
        (card.name, takes, gives)
        for card in cards("models").values()
        if not card.prefix
        for takes in card.takes
        for gives in card.gives
        if card.fits(takes, gives)
    ]


def family_for(takes: str, needs: str, *, typical: bool = False) -> ModelCard:
    """The family that stands for all of those that fit: the one whose card says so, else the smallest."""
    fit = [card for card in registry.fitting(takes, needs) if not card.prefix]
    named = [card for card in fit if takes in (card.typical_for if typical else card.quick_for)]
    assert fit, f"no model reads {takes} and gives {needs}"
    return min(named or fit, key=lambda card: (min(registry.listed_parameters(card, takes).values()), card.name))


def small_choice(name: str, takes: str, needs: str) -> registry.Choice:
    """What a name stands for: of a family its first size, with the options that make it small."""
    card = cards("models").get(name)
    choice = registry.resolve(name, next(iter(card.sizes), "") if card else "", takes=takes, needs=needs)
    return replace(choice, options={**choice.options, **choice.card.small})


def small_spec(card: ModelCard, takes: str, least_px: int = 32) -> Spec:
    return input_class(takes).Spec.small().at_least(max(least_px, int(card.image.get("least_size_px", 0))))


def small_batch(spec: Spec, count: int = 3, seed: int = 0, dtype: torch.dtype = torch.float32) -> Any:
    batch = input_class(spec.kind).blank(spec, count, rng=torch.Generator().manual_seed(seed))
    return mapped(batch, lambda x: x.to(dtype) if x.is_floating_point() else x)


def alone(batch: Any, row: int) -> Any:
    """One example of a batch as it would come by itself: without the padding that the others made necessary."""
    one = mapped(batch, lambda x: x[row : row + 1])
    if not hasattr(one, "lengths"):
        return one
    return mapped(one, lambda x: x[:, : int(one.lengths)] if x.ndim > 1 else x)


def wider(batch: Any, spec: Any, more: int = 3) -> Any:
    """A batch with more padding than its longest example needs, as beside others that are longer."""
    if not hasattr(batch, "lengths"):
        return batch

    def padded(x: torch.Tensor) -> torch.Tensor:
        return F.pad(x, (0, 0) * (x.ndim - 2) + (0, more), value=getattr(spec, "pad", 0)) if x.ndim > 1 else x

    return mapped(batch, padded)


def small_model(
    name: str, takes: str, gives: str = "vector", *, least_px: int = 32, **options: Any
) -> tuple[registry.Choice, Spec, Any]:
    """The family's first size for small inputs, pictures of `least_px`: choice, spec and encoder."""
    choice = small_choice(name, takes, gives)
    spec = small_spec(choice.card, takes, least_px)
    torch.manual_seed(0)
    return choice, spec, registry.build(choice, spec, gives=gives, options=options)

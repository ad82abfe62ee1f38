"""Predictors trained in moments on synthetic data, for tests of what follows a training. Not a test itself."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import torch

from fukami import api
from fukami.core.recipe import LearningChoices
from fukami.core.tables import Column
from fukami.data.store import prepare
from fukami.engine.plan import Plan
from fukami.models import registry
from fukami.models.contract import Network, width
from fukami.objectives.contract import mean_loss
from fukami.predictor import Predictor
from fukami.tasks.registry import contract
from tests.small_models import family_for, small_choice
from tests.synthetic import columns


@cache
def small_predictor(task: str, model: str = "", steps: int = 30) -> tuple[Predictor, tuple[Column, ...]]:
    """A predictor of `task`, and the raw columns of its input that it was trained on."""
    unlearned = contract(task)
    raw = columns({n: f.kind for n, f in unlearned.fields.items()})
    return trained(task, raw, model=model, steps=steps)


def trained(
    task: str, raw: dict[str, list[Column]], *, model: str = "", steps: int = 30, **options: Any
) -> tuple[Predictor, tuple[Column, ...]]:
    """The same for raw columns of one's own."""
    fields = {n: f.learn(raw[n]) for n, f in contract(task).fields.items()}
    learned = contract(task).with_fields(fields)
    ((name, field),) = learned.inputs.items()
    torch.manual_seed(0)
    family = model or family_for(field.kind, learned.card.needs, typical=True).name
    choice = small_choice(family, field.kind, learned.card.needs)
    encoder = registry.build(
        choice, field.spec(), gives=learned.card.needs, options=options, target=learned.target.target_spec()
    )
    network = Network(encoder, learned.head(learned, *width(encoder)))
    fit(network, learned, prepare(fields, raw, {}).batch(list(range(len(raw[name][0])))), steps)
    recipe = api.recipe_for(task, {})
    return Predictor(learned, network.eval(), recipe, choice, Plan()), tuple(raw[name])


def fit(network: torch.nn.Module, task: Any, batch: dict[str, Any], steps: int) -> None:
    objective, optimizer = task.objective(task, LearningChoices()), torch.optim.Adam(network.parameters(), 5e-3)
    network.train()
    for _step in range(steps):
        optimizer.zero_grad()
        mean_loss(objective, network, batch, torch.Generator()).backward()
        optimizer.step()


def row_of(columns: Sequence[Column], row: int) -> list[Column]:
    """One example."""
    return [column.take([row]) for column in columns]

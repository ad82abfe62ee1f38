"""Small trainings of every kind of input, shared by the tests of the engine. Not a test itself."""

from functools import cache
from typing import Any

import numpy as np
import torch

from fukami.core.recipe import LearningChoices
from fukami.data.batches import Order
from fukami.data.store import Store, prepare
from fukami.engine import optimisers
from fukami.engine.ema import EMA
from fukami.engine.learner import Learner
from fukami.engine.plan import Plan
from fukami.models import registry
from fukami.models.contract import Network
from fukami.tasks.contract import Task
from fukami.tasks.registry import contract
from tests.synthetic import columns

SMALL: dict[str, tuple[str, dict[str, Any]]] = {
    "image-classification": ("cnn", {"width": 4, "dropout": 0.1}),
    "text-classification": ("gru", {"embedding": 8, "width": 8}),
    "tabular-regression": ("mlp", {"width": 16}),
}
"""Task → a small model with dropout (and batch norms, for pictures), so that every kind of state is there."""


@cache
def learned(name: str) -> tuple[Task, Store]:
    """The task with fields that learned from 48 synthetic examples, and those prepared."""
    task = contract(name)
    raw = columns({n: f.kind for n, f in task.fields.items()})
    fields = {n: f.learn(raw[n]) for n, f in task.fields.items()}
    return task.with_fields(fields), prepare(fields, raw, {})


def learner(
    name: str = "image-classification", *, optimizer: str = "adamw", steps: int = 12, last: bool = False, **choices: Any
) -> Learner:
    """A training of 16 examples a step; in channels-last order where `last`. Same arguments, same bits."""
    task, store = learned(name)
    torch.manual_seed(0)
    (field,) = task.inputs.values()
    model, options = SMALL[name]
    choice = registry.resolve(model, takes=field.kind, needs=task.card.needs)
    encoder = registry.build(choice, field.spec(), gives=task.card.needs, options=options)
    network = Network(encoder, task.head(task, encoder.num_features, 1))
    plan = Plan(memory_format="channels-last" if last else "contiguous")
    plan.prepared(network)
    learning = LearningChoices(**{"optimizer": optimizer, "learning_rate": 0.01, "epochs": 4.0, **choices})
    return Learner(
        network=network,
        objective=task.objective(task, learning),
        optimizer=optimisers.build(learning, optimisers.parameter_groups(network, learning)),
        learning=learning,
        store=store,
        order=Order(np.arange(48), 16, seed=0, lengths=store.lengths()),
        plan=plan,
        num_steps=steps,
        seed=0,
        device=torch.device("cpu"),
        ema=EMA(network, 0.9),
    )


def with_loss(objective: Any, change: Any) -> Any:
    """The objective with its mean loss changed: `change(loss, batch)`."""

    def of(network: Any, batch: Any, rng: Any) -> Any:
        found = objective(network, batch, rng)
        return found._replace(loss=change(found.loss.mean(), batch))

    return of


def state(made: Learner) -> list[torch.Tensor]:
    """Copies of everything that a learner has learned: weights, statistics, optimiser, average."""
    from fukami.engine.keeper import copied, state_of

    found: list[torch.Tensor] = []

    def walk(tree: Any) -> None:
        if isinstance(tree, torch.Tensor):
            found.append(tree)
        for value in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, (list, tuple)) else ():
            walk(value)

    walk(copied(state_of(made)))
    return found


def same_bits(a: Learner, b: Learner) -> bool:
    ours, theirs = state(a), state(b)
    return len(ours) == len(theirs) and all(torch.equal(x, y) for x, y in zip(ours, theirs, strict=True))

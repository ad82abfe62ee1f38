"""Laws over every task there is: its file is there, so it is tested. Exemptions are read from its card and shown."""

from functools import cache

import numpy as np
import pytest
import torch
from torch import nn

from fukami.core.cards import cards, suits
from fukami.core.recipe import LearningChoices
from fukami.data.store import Store, prepare
from fukami.fields import batch as trees
from fukami.models import registry
from fukami.models.contract import Network
from fukami.objectives.contract import mean_loss
from fukami.tasks.contract import Task
from fukami.tasks.registry import contract
from tests.small_models import family_for, wider
from tests.synthetic import columns

TASKS = sorted(cards("tasks"))


@cache
def learned(name: str) -> tuple[Task, Store]:
    """The task with fields that learned from synthetic data, and that data prepared."""
    task = contract(name)
    raw = columns({n: f.kind for n, f in task.fields.items()})
    fields = {n: f.learn(raw[n]) for n, f in task.fields.items()}
    return task.with_fields(fields), prepare(fields, raw, {})


def tiny(task: Task) -> Network:
    """A small network for the task; the laws of all models are in test_models."""
    torch.manual_seed(0)
    (field,) = task.inputs.values()
    family = family_for(field.kind, task.card.needs)
    choice = registry.resolve(family.name, takes=field.kind, needs=task.card.needs)
    return task.network(choice, options=family.small)


def loss_of(task: Task, network: nn.Module, batch: dict) -> torch.Tensor:
    return mean_loss(task.objective(task, LearningChoices()), network, batch, torch.Generator())


def lived(task: Task, store: Store, network: nn.Module, count: int) -> dict:
    """A batch of examples to learn from: of what the network gathers itself, where the task has it do so."""
    if task.source is None:
        return store.batch(np.arange(count))
    source = task.source(task, store, np.arange(48), 0)
    source.collect(network, 0)
    return source.batch(np.arange(count))


def excused(name: str, law: str) -> None:
    reason = cards("tasks")[name].exempt.get(law)
    if reason:
        pytest.skip(f"{name} is exempt from {law}: {reason}")


@pytest.mark.parametrize("name", TASKS)
def test_card_and_contract_agree(name):
    task = contract(name)
    card = cards("tasks")[name]
    assert task.card == card
    assert tuple(f.kind for f in task.inputs.values()) == card.inputs
    assert tuple(f.kind for f in task.targets.values()) == card.targets
    for metric in (card.headline, *card.also):
        assert any(suits(cards("metrics")[metric], kind) for kind in card.targets), metric
    for baseline in card.baselines:
        assert baseline in cards("evaluate/baselines")


@pytest.mark.parametrize("name", TASKS)
def test_a_sample_alone_is_answered_as_in_a_batch(name):
    excused(name, "alone-equals-together")
    task, store = learned(name)
    network = tiny(task).eval()
    together = task.ask(network, store.batch(np.arange(12)))
    for row in range(12):
        alone = task.ask(network, store.batch(np.array([row])))
        assert task.target.apart(alone, trees.part(together, row, row + 1)).item() <= 1e-4


@pytest.mark.parametrize("name", TASKS)
def test_more_padding_than_needed_changes_no_answer(name):
    """Answers in a batch depend on no longer neighbour, whatever heads and decoders look at."""
    excused(name, "alone-equals-together")
    task, store = learned(name)
    network, batch = tiny(task).eval(), store.batch(np.arange(6))
    more = batch | {key: wider(batch[key], field.spec()) for key, field in task.inputs.items()}
    if all(more[key] is batch[key] for key in task.inputs):
        pytest.skip("its examples are all of one size")
    assert task.target.apart(task.ask(network, more), task.ask(network, batch)).max().item() <= 1e-4


@pytest.mark.parametrize("name", TASKS)
def test_every_parameter_gets_a_finite_gradient(name):
    task, store = learned(name)
    network = tiny(task).train()
    loss_of(task, network, lived(task, store, network, 24)).backward()
    for parameter_name, parameter in network.named_parameters():
        if not parameter.requires_grad:
            continue
        assert parameter.grad is not None, parameter_name
        assert torch.isfinite(parameter.grad).all(), parameter_name
    assert sum(p.grad.abs().sum() for p in network.parameters() if p.grad is not None) > 0


LONG = (
    *("instance-segmentation", "keypoint-detection", "object-detection", "translation", "image-generation"),
    *("question-answering", "summarization", "text-to-text", "speech-recognition", "audio-enhancement", "text-similarity"),
    *("text-pair-classification", "series-regression"),
)
"""Whose smallest trainings take seconds; tests of their own train them in the quick tier as well."""


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.slow if name in LONG else ()) for name in TASKS])
def test_a_tiny_set_can_be_overfitted(name):
    excused(name, "overfitted")
    task, store = learned(name)
    network = tiny(task).train()
    batch = lived(task, store, network, 24)
    optimizer = torch.optim.Adam(network.parameters(), 1e-2)
    first = None
    for _step in range(150):
        loss = loss_of(task, network, batch)
        first = first if first is not None else loss.item()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    network.eval()
    assert loss_of(task, network, batch).item() < 0.2 * first


@pytest.mark.parametrize("name", TASKS)
def test_answers_are_json_that_matches_the_targets_schema(name):
    import json

    task, store = learned(name)
    scores = task.ask(tiny(task).eval(), store.batch(np.arange(5)))
    answers = task.target.restore(scores)
    assert len(answers) == 5
    assert json.loads(json.dumps(answers)) == answers
    assert task.target.schema()


@pytest.mark.parametrize("name", TASKS)
def test_evaluation_is_deterministic(name):
    task, store = learned(name)
    network = tiny(task).eval()
    first, second = (task.ask(network, store.batch(np.arange(20))) for _ in range(2))
    assert all(torch.equal(left, right) for left, right in zip(trees.leaves(first), trees.leaves(second), strict=True))


def test_exemptions_name_a_reason(capsys):
    """Every exemption of every card is printed with its reason, so that none is forgotten."""
    found = [
        (room, n, law, why)
        for room in ("tasks", "models", "fields")
        for n, c in cards(room).items()
        for law, why in c.exempt.items()
    ]
    with capsys.disabled():
        for room, name, law, why in found:
            print(f"\n  exempt: {room}/{name} from {law}: {why}", end="")
    assert all(len(why.split()) > 3 for *_rest, why in found)

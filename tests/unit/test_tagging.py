"""Tags on texts as a whole: what a sentence is answered does not depend on its company, and learning learns."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
import torch

from fukami.core.recipe import DataChoices, LearningChoices
from fukami.core.tables import Column, Table
from fukami.data.store import prepare
from fukami.evaluate.baselines.fitting import fit_baselines
from fukami.fields import batch as trees
from fukami.metrics.contract import Running
from fukami.models.registry import resolve
from fukami.objectives.contract import mean_loss
from fukami.tasks.registry import contract

NAMES = ["Ada", "Bora", "Ciro", "Dune"]
PLAIN = ["sun", "moon", "tree", "river", "stone", "cloud"]


def sentences(total: int, seed: int = 0, *, japanese: bool = False) -> tuple[list, list]:
    rng = np.random.default_rng(seed)
    words, tags = [], []
    for _ in range(total):
        length = int(rng.integers(1, 9))
        row = rng.choice(list("日月木川石雲") if japanese else PLAIN, length).tolist()
        marks = ["O"] * length
        at = int(rng.integers(length))
        row[at], marks[at] = ("東" if japanese else str(rng.choice(NAMES))), "B-PER"
        if at + 1 < length and rng.random() < 0.5:
            row[at + 1], marks[at + 1] = ("京" if japanese else "Stone"), "I-PER"
        words.append(row)
        tags.append(marks)
    return words, tags


@pytest.fixture(scope="module", params=[False, True], ids=["words", "characters"])
def learned(request):
    words, tags = sentences(60, japanese=request.param)
    task = contract("text-tagging")
    columns = {"words": [Column("words", pa.array(words))], "tags": [Column("tags", pa.array(tags))]}
    fields = {name: field.learn(columns[name]) for name, field in task.fields.items()}
    task = task.with_fields(fields)
    store = prepare(fields, columns, {})
    torch.manual_seed(0)
    network = task.network(resolve("bilstm-crf:tiny", takes="words", needs="tags"), options={"dropout": 0.0})
    return task, store, network, columns


def test_a_sentence_alone_is_answered_as_in_a_batch(learned):
    task, store, network, _columns = learned
    network.eval()
    together = task.ask(network, store.batch(np.arange(20)))
    alone = trees.joined([task.ask(network, store.batch(np.array([row]))) for row in range(20)])
    assert torch.equal(together.columns["tag"], alone.columns["tag"])
    torch.testing.assert_close(together.columns["score"], alone.columns["score"], rtol=1e-4, atol=1e-5)


def test_losses_of_a_sentence_do_not_depend_on_its_company(learned):
    task, store, network, _columns = learned
    network.eval()
    objective = task.objective(task, LearningChoices(), network=network)
    together = objective(network, store.batch(np.arange(12)), torch.Generator()).loss
    alone = torch.cat([objective(network, store.batch(np.array([row])), torch.Generator()).loss for row in range(12)])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-4)


def test_it_learns_by_heart_and_answers_characters(learned):
    task, store, network, columns = learned
    network.train()
    objective = task.objective(task, LearningChoices(), network=network)
    optimizer = torch.optim.Adam(network.parameters(), 1e-2)
    rows = np.arange(60)
    for _step in range(40):
        optimizer.zero_grad()
        mean_loss(objective, network, store.batch(rows), torch.Generator()).backward()
        assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in network.parameters())
        optimizer.step()
    network.eval()
    batch = store.batch(rows)
    answers = task.ask(network, batch)
    running = Running(["entity_f1"], task.target)
    running.update(trees.arrays(answers), trees.arrays(task.target.truth(batch["tags"])))
    assert running.compute()["entity_f1"] > 0.95
    line = task.input.frame(columns["words"])
    for told, text in zip(task.target.restore(answers, frames={"words": line}), line.texts, strict=True):
        for entity in told["entities"]:
            assert text[entity["start"] : entity["end"]] == entity["text"] and 0 < entity["score"] <= 1.0001


def test_baselines_answer_in_the_form_of_the_target(learned):
    task, store, _network, columns = learned
    train = np.arange(40)
    inputs = {"words": columns["words"]}
    fitted = fit_baselines(task.card.baselines, task.inputs, inputs, task.target, columns["tags"], train)
    assert [one.name for one in fitted] == list(task.card.baselines)
    truth = trees.arrays(task.target.truth(store.batch(np.arange(40, 60))["tags"]))
    reached = {}
    for one in fitted:
        running = Running(["entity_f1"], task.target)
        running.update(one.answers({"words": [columns["words"][0].take(np.arange(40, 60))]}), truth)
        reached[one.name] = running.compute()["entity_f1"]
    assert reached["outside"] == 0 < reached["dictionary"] <= 1 and reached["linear_tags"] > 0.5


def test_examples_whose_tags_do_not_fit_are_taken_out_and_told():
    task = contract("text-tagging")
    columns = {"words": [Column("words", pa.array([["a", "b"], ["c"]]))], "tags": [Column("tags", pa.array([["O"], ["B-X"]]))]}
    table = Table("x", {"words": columns["words"][0], "tags": columns["tags"][0]})
    left, kept = task.examples(task, table, columns, DataChoices())
    assert len(left) == 1 and kept["words"][0].values.to_pylist() == [["c"]]
    assert [problem.code for problem in left.problems] == ["F-TAGS-COUNT"]


def test_copies_of_the_field_keep_what_shapes_the_store():
    field = contract("text-tagging").input
    once = field.learn([Column("words", pa.array([["Ada", "left"]]))])
    other = replace(once, options=replace(once.options, word_dropout=0.5))
    assert once.stored_as() == other.stored_as()

"""Several inputs and several targets, each by its name."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
import torch
from torch import nn

from fukami.answers import gathered, spread
from fukami.core.errors import DataError
from fukami.core.recipe import LearningChoices
from fukami.core.tables import Column
from fukami.explain.joint import Joint
from fukami.export.flat import Flat, axes
from fukami.fields.category.field import Category
from fukami.fields.contract import Tokens
from fukami.fields.number.field import Number
from fukami.fields.text.field import Text
from fukami.models import checkpoint
from fukami.objectives.supervised import supervised
from fukami.tasks.contract import specs_of
from fukami.tasks.registry import contract

FIRST, SECOND = (Column("text", pa.array(texts)) for texts in (["a fine film", "a dull one"], ["yes", "no, no, no"]))


@pytest.fixture
def pair():
    """A task of two texts that have learned."""
    plain = contract("text-classification")
    inputs = {name: Text(name=name).learn([column]) for name, column in (("first", FIRST), ("second", SECOND))}
    return replace(plain, inputs=inputs)


def test_people_give_several_inputs_by_their_names(pair):
    given = [{"first": "a fine film", "second": "yes"}, {"second": "no", "first": "a dull one"}]
    assert list(spread(pair, given)) == given
    _names, columns = gathered(pair, [("a", given[0]), ("b", given[1])])
    assert columns["first"][0].values.to_pylist() == ["a fine film", "a dull one"]
    assert columns["second"][0].values.to_pylist() == ["yes", "no"]
    for odd in ("a fine film", {"first": "a fine film"}):
        with pytest.raises(DataError, match="F-INPUT-NAMES"):
            gathered(pair, [("a", odd)])


def test_models_are_built_for_all_of_them_and_files_keep_that(pair):
    specs = specs_of(pair.inputs)
    assert isinstance(specs, dict) and list(specs) == ["first", "second"]
    assert checkpoint._spec(checkpoint._told(specs)) == specs
    one = specs_of({"first": pair.inputs["first"]})
    assert checkpoint._spec(checkpoint._told(one)) == one == specs["first"]
    assert replace(pair.card, inputs=("text", "text")).asked == "text+text"


def test_their_parts_are_weighed_side_by_side(pair):
    joint, columns = Joint(pair.inputs), {"first": [FIRST], "second": [SECOND]}
    row = {name: [c.take(np.array([1])) for c in own] for name, own in columns.items()}
    batch = {name: one.batch(one.encode(row[name]), np.zeros(1, np.int64)) for name, one in pair.inputs.items()}
    units = joint.units(batch, row)
    assert units.names[:4] == ("a", "dull", "one", "no") and [t["in"] for t in units.told[2:4]] == ["first", "second"]
    assert sorted(units.of.tolist()) == list(range(len(units)))
    gone = np.eye(len(units), dtype=bool)
    copies = joint.without(batch, units, gone)
    assert copies["first"].lengths.tolist() == [2, 2, 2, *[3] * (len(units) - 3)]
    assert copies["second"].lengths.tolist() == [5, 5, 5, *[4] * (len(units) - 3)]


def test_a_graph_does_not_say_that_they_are_equally_long():
    inputs = {name: Tokens(torch.zeros(2, length), torch.ones(2)) for name, length in (("first", 3), ("second", 5))}
    assert axes(Flat(nn.Identity(), inputs), inputs) == [
        {0: "batch", 1: "first_length"}, {0: "batch"}, {0: "batch", 1: "second_length"}, {0: "batch"},
    ]  # fmt: skip
    assert axes(Flat(nn.Identity(), {"first": inputs["first"]}), {"first": inputs["first"]})[0] == {0: "batch", 1: "length"}


def test_a_text_says_where_its_tokens_lie_once_it_has_learned():
    assert Text().frame([FIRST]) is None
    line = Text().learn([FIRST]).frame([FIRST])
    assert line is not None
    for row, text in enumerate(FIRST.values.to_pylist()):
        assert [text[a:b] for a, b in zip(line.starts[row], line.ends[row], strict=True)] == text.split()


def test_every_target_has_its_own_loss_and_the_losses_are_added_up():
    told = {"label": Category(name="label", state={"classes": ["a", "b"], "counts": [1, 1]}), "value": Number(name="value")}
    task = replace(contract("tabular-classification"), targets=told)
    outputs = {"label": torch.randn(4, 1, 2), "value": torch.randn(4, 1, 1)}

    class Gives(nn.Module):
        def forward(self, inputs, *, features=False):
            return outputs, None

    truth = {"label": torch.tensor([0, 1, 1, 0]), "value": torch.randn(4)}
    batch = {"row": None, **truth}
    found = supervised(task, LearningChoices())(Gives(), batch, torch.Generator())
    alone = nn.functional.cross_entropy(outputs["label"][:, 0], truth["label"], reduction="none")
    square = (outputs["value"][:, 0, 0] - truth["value"]).square()
    torch.testing.assert_close(found.loss, alone + square)
    assert set(found.told) == {"label", "value"} and task.judged(outputs) is outputs["label"]
    del batch["value"]  # as when the likelihood of an answer is asked
    torch.testing.assert_close(supervised(task, LearningChoices())(Gives(), batch, torch.Generator()).loss, alone)

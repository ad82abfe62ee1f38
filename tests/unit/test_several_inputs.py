"""Several inputs and several targets, each by its name."""

import ast
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
import torch
from torch import nn

from fukami.answers import gathered, spread
from fukami.core.errors import DataError, UsageError
from fukami.core.recipe import LearningChoices
from fukami.core.tables import Column
from fukami.engine.diagnosis import attainable
from fukami.explain.joint import Joint
from fukami.export import assemble
from fukami.export.flat import Flat, axes
from fukami.export.raw_inputs import columns_of, probes_of, values_of
from fukami.export.surroundings import inputs_of
from fukami.fields.batch import named
from fukami.fields.category.field import Category
from fukami.fields.contract import Tokens
from fukami.fields.number.field import Number
from fukami.fields.row.field import Row
from fukami.fields.text.field import Text
from fukami.models import checkpoint
from fukami.models.wrapped import wrap
from fukami.objectives.contract import Outcome
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


class Named(nn.Module):
    """Takes its arguments by the names of the inputs, in another order than theirs."""

    def forward(self, second, first):
        return torch.stack([first[:, 0].float(), second[:, 0].float()], 1)


class Ordered(nn.Module):
    def forward(self, one, other):
        return torch.stack([one[:, 0].float(), other[:, 0].float()], 1)


class Everything(nn.Module):
    def forward(self, inputs):
        return torch.stack([inputs[name].ids[:, 0].float() for name in ("first", "second")], 1)


@pytest.mark.parametrize("kind", [Named, Ordered, Everything])
def test_a_module_of_ones_own_takes_several_inputs(pair, kind):
    network = wrap(kind(), specs_of(pair.inputs), 2)
    batch = {name: Tokens(torch.full((3, 2), number), torch.full((3,), 2)) for name, number in (("first", 3), ("second", 4))}
    assert network(batch)[:, 0].tolist() == [[3.0, 4.0]] * 3


def test_arguments_that_would_be_exchanged_are_refused(pair):
    class Exchanged(nn.Module):
        def forward(self, second, other):
            return torch.stack([second[:, 0].float(), other[:, 0].float()], 1)

    with pytest.raises(UsageError, match="F-MODULE-CALL") as told:
        wrap(Exchanged(), specs_of(pair.inputs), 2)
    assert "forward(first, second)" in told.value.expected


# -- programs of their own -----------------------------------------------------------------------------------------------
@pytest.fixture
def unlike(pair):
    """Inputs of two kinds, whose pieces of a program have the same names; and of one kind that are cut in two ways."""
    size = Column("size", pa.array([1.5, 2.5]))
    letters = replace(Text(name="second"), options=Text.Options(level="character")).learn([SECOND])
    inputs = {"first": pair.inputs["first"], "second": letters, "row": Row(name="row").learn([size])}
    return replace(pair, inputs=inputs), {"first": [FIRST], "second": [SECOND], "row": [size]}


def test_a_program_reads_each_input_by_pieces_of_its_own(unlike, tmp_path):
    task, columns = unlike
    told = assemble.as_json(inputs_of(task, fixed=False))
    values = values_of(task, columns, np.arange(2), tmp_path)
    assert values[1] == {"first": "a dull one", "second": "no, no, no", "row": {"size": 2.5}}
    again = columns_of(task, values)
    batch = {name: one.batch(one.encode(again[name]), np.arange(2)) for name, one in task.inputs.items()}
    found = assemble.read(told, values)
    for name, tensor in named(batch).items():
        if name in found:
            np.testing.assert_allclose(found[name], tensor.numpy(), atol=1e-6)
    assert {"first_ids", "second_ids", "row_numbers"} <= set(found)
    with pytest.raises(ValueError, match="first, second, row"):
        assemble.read(told, [{"first": "yes"}])


def test_the_text_of_such_a_program_defines_each_name_once(unlike):
    told = assemble.as_json(inputs_of(unlike[0], fixed=False))
    code = ["folder", "table", *assemble.reading(told), "category", "program", "command"]
    module = ast.parse(assemble.program(code, head="t"))
    defined = [node.name for node in module.body if isinstance(node, ast.FunctionDef)]
    assert len(defined) == len(set(defined)) and {"read", "inputs", "answer", "predict"} <= set(defined)
    assert assemble.requirements(code) == ["numpy", "onnxruntime"]
    pair = replace(unlike[0], inputs=dict.fromkeys(("first", "second"), unlike[0].inputs["first"]))
    assert [one.inputs for one in assemble.reading(inputs_of(pair, fixed=False))[1:]] == [("first", "second")]


def test_probes_of_each_input_stand_beside_what_the_others_take(pair, tmp_path):
    found = probes_of(pair, tmp_path)
    each = {name: one.probes(tmp_path / name) for name, one in pair.inputs.items()}
    assert len(found) == sum(map(len, each.values()))
    others = [value["second"] for value in found[: len(each["first"])]]
    assert len({str(value) for value in others}) == 1 and pair.inputs["second"].usable(pair.inputs["second"].gather(others[:1]))


def test_guessing_is_found_for_several_targets_together():
    """Both at once are what each is alone."""
    y, z = torch.tensor([0.0, 2.0]), torch.tensor([1.0, 5.0])

    def squares(network, batch, rng):
        told, _features = network({}, features=True)
        return Outcome((told["y"][:, 0] - y) ** 2 + (told["z"][:, 0] - z) ** 2)

    like = {"y": torch.zeros(2, 1), "z": torch.zeros(2, 1)}
    assert attainable.guess(squares, {}, like) == pytest.approx(1 + 4, abs=1e-3)
    assert attainable.floor(squares, {}, like) == pytest.approx(0, abs=1e-3)

"""An answer that lies on the elements of its input stays on them while parts of the input are hidden."""

from contextlib import nullcontext
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
import torch
from torch import nn

from fukami.core.recipe import Recipe
from fukami.core.tables import Column
from fukami.engine.plan import Plan
from fukami.explain import nearest
from fukami.explain.case import Case
from fukami.explain.joint import Joint
from fukami.explain.methods import occlusion
from fukami.fields.contract import InputField
from fukami.fields.frame import Line
from fukami.fields.registry import field_class
from fukami.fields.tags.chain import Chained
from fukami.fields.tags.field import Tags
from fukami.fields.text.field import Text
from fukami.layers.pooling import Sequence, valid
from fukami.models.contract import Network
from fukami.predictor import Predictor
from fukami.tasks import text_tagging
from fukami.tasks.compose import by_whole_models
from tests.synthetic import columns

INPUTS = [kind for kind in ("text", "words", "series") if issubclass(field_class(kind), InputField)]
TEXTS = ["we saw Ada in the old town", "in the old town we saw Ada"]
TAGS = ['[{"start": 7, "end": 10, "label": "person"}]', '[{"start": 23, "end": 26, "label": "person"}]']


class ByWord(nn.Module):
    """A model of tags that looks at one token at a time, so that hiding another one can change nothing but its own tag."""

    def __init__(self, vocabulary, tags, sure):
        super().__init__()
        self.table = nn.Parameter(torch.zeros(vocabulary, tags))
        with torch.no_grad():
            self.table[:, 0] = 1.0
            self.table[sure, 0], self.table[sure, -1] = 0.0, 4.0

    def forward(self, tokens):
        size, tags = len(tokens.ids), self.table.shape[1]
        none = torch.zeros(size, tags)
        return Chained(self.table[tokens.ids], tokens.lengths, none, none, torch.zeros(size, tags, tags))

    def losses(self, inputs, targets, rng):
        (tokens,), (marks,) = inputs.values(), targets.values()
        told = torch.zeros_like(tokens.ids)
        told[valid(tokens.lengths, told.shape[1])] = marks["tags"].columns["tag"]
        surprise_BL = -self.table[tokens.ids].log_softmax(2).gather(2, told.unsqueeze(2)).squeeze(2)
        return {"surprise": surprise_BL.sum(1)}

    def answers(self, inputs, rng, options):
        return self(*inputs.values())


@pytest.fixture(scope="module")
def tagger():
    cells = {"text": [Column("text", pa.array(TEXTS))], "tags": [Column("tags", pa.array(TAGS))]}
    text = Text(name="text").learn(cells["text"])
    tags = Tags(name="tags").learn(cells["tags"])
    task = by_whole_models(replace(text_tagging.CARD, inputs=("text",)), (text,), tags)
    ids = text.batch(text.encode(cells["text"]), np.arange(1)).ids[0]
    network = Network(ByWord(text.spec().vocabulary_size, len(tags.state["tags"]), int(ids[2])), nn.Identity()).eval()
    return Predictor(task, network, Recipe("text-tagging"), None, Plan()), cells["text"]


@pytest.mark.parametrize("row", [0, 1])
def test_tags_stay_on_their_words_while_others_are_hidden(tagger, row):
    predictor, told = tagger
    case = Case(predictor, [column.take(np.array([row])) for column in told])
    assert [e["text"] for e in case.answer["entities"]] == ["Ada"]
    words = TEXTS[row].split()
    weights = occlusion.weigh(case).weights
    assert case.units.names == tuple(words)
    assert [bool(w > 1.0) for w in weights] == [word == "Ada" for word in words]  # nothing is said of the others
    assert np.abs(weights[[word != "Ada" for word in words]]).max() < 1e-6


@pytest.mark.parametrize("kind", INPUTS)
@pytest.mark.parametrize("joined", [False, True])
def test_elements_that_stay_keep_their_places(kind, joined):
    """Of every kind of data whose elements lie on a line, alone and beside others."""
    told = columns({"it": kind}, 12)["it"]
    one = field_class(kind)(name="it").learn(told)
    assert isinstance(one.frame(told), Line)
    row = [column.take(np.array([3])) for column in told]
    batch = one.batch(one.encode(row), np.zeros(1, np.int64))
    field, given, cells = (Joint({"it": one}), {"it": batch}, {"it": row}) if joined else (one, batch, row)
    units = replace(field.units(given, cells), placed=True)
    gone_UU = np.eye(len(units), dtype=bool)
    copies = field.without(given, units, gone_UU, field.filling(given))
    before, after = (tree[0] if isinstance(tree, tuple) else tree for tree in (batch, copies["it"] if joined else copies))
    changed_UL = (after != before).reshape(*after.shape[:2], -1).any(2).numpy()
    own_UL = gone_UU[:, one.units(batch, row).of].reshape(*after.shape[:2], -1).any(2)
    assert changed_UL.any() and not (changed_UL & ~own_UL).any()


def test_nearest_examples_do_not_depend_on_padding():
    """Of a sequence the mean of its own elements counts, however long its neighbours are."""

    def found(length):
        x = torch.zeros(1, length, 2)
        x[:, :2] = torch.tensor([[2.0, 4.0], [4.0, 0.0]])
        network = SimpleNamespace(encoder=lambda given: Sequence(x, torch.tensor([2])), eval=lambda: None)
        task = SimpleNamespace(card=SimpleNamespace(needs="sequence"), inputs={"text": None})
        plan = SimpleNamespace(arranged=lambda batch: batch, autocast=nullcontext)
        return nearest.features(SimpleNamespace(network=network, task=task, plan=plan), {"text": x}).tolist()

    assert found(2) == found(5) == [[3.0, 2.0]]

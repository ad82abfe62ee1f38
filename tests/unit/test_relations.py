"""Texts with two marked spans: their layouts, their tokens, the official measure, models, and a training."""

import json

import numpy as np
import pyarrow as pa
import pytest
import torch

import fukami
from fukami.cli.main import main
from fukami.core.errors import DataError
from fukami.core.recipe import DataChoices
from fukami.core.tables import Column
from fukami.data.readers import relations
from fukami.export import assemble
from fukami.fields.category.field import Category
from fukami.fields.contract import Tokens
from fukami.fields.marked.field import Marked, marked_text, spanned
from fukami.fields.marked.spec import MarkedSpec
from fukami.metrics.contract import Running
from fukami.models import bert, relation_cnn

TEXTS = ["the <e1>cat</e1> sat on a <e2>mat</e2>", "a <e2>cup</e2> of <e1>green tea</e1> .", "<e1>ink</e1><e2>pen</e2>"]
COLUMN = Column("text", pa.array(TEXTS))
CITY = {"relation": "per:city"}
SEMEVAL = (
    '1\t"The <e1>child</e1> lay in a <e2>cradle</e2>."\nContent-Container(e1,e2)\nComment: none\n\n'
    '2\t"A <e1>cat</e1> saw a <e2>dog</e2>."\nOther\nComment:\n'
)
TACRED = [
    {"token": ["Ada", "Lovelace", "lived", "in", "London"], "subj_start": 0, "subj_end": 1, "obj_start": 4, "obj_end": 4,
     "relation": "per:city"},
]  # fmt: skip


@pytest.fixture
def learned():
    return Marked().learn([COLUMN])


def test_marks_are_tokens_of_their_own(learned):
    ids, lengths = learned.batch(learned.encode([COLUMN]), np.arange(3))
    e1, end1, e2, end2 = learned.spec().marks
    assert lengths.tolist() == [10, 10, 6] and max(e1, end1, e2, end2) < learned.spec().vocabulary_size
    assert [int((ids[0] == mark).long().argmax()) for mark in (e1, end1, e2, end2)] == [1, 3, 7, 9]
    assert ids[1].tolist().index(e2) < ids[1].tolist().index(e1)


def test_a_text_that_is_too_long_keeps_both_spans():
    field = Marked(options=Marked.Options(max_tokens=8)).learn([COLUMN])
    long = Column("text", pa.array(["so " * 40 + "<e1>cat</e1> and <e2>mat</e2>" + " of" * 40]))
    ids, lengths = field.batch(field.encode([long]), np.array([0]))
    assert int(lengths) == field.state["max_tokens"] and set(field.state["marks"]) <= set(ids[0].tolist())
    assert "F-TEXT-CUT" in {problem.code for problem in field.unfamiliar([long])}


@pytest.mark.parametrize(
    "text", ["", "a cat", "a <e1>cat</e1>", "<e1>a<e2>b</e2></e1>", "<e1> </e1> <e2>b</e2>", "</e1>a<e1> <e2>b</e2>"]
)
def test_texts_without_two_spans_are_told_and_left_out(learned, text):
    column = Column("text", pa.array([*TEXTS, text]))
    assert learned.usable([column]).tolist() == [True] * 3 + [False]
    assert "F-MARKED-SPANS" in {problem.code for problem in Marked().check([column])}
    with pytest.raises(ValueError, match="e1"):
        assemble.read(learned.portable(), [text])


def test_a_program_outside_reads_the_same_tokens(learned):
    values = [*TEXTS, "Unknown <e2>words</e2>, a <e1>cat</e1> " + "so " * 60]
    own = learned.batch(learned.encode(learned.gather(values)), np.arange(4))
    told = assemble.read(learned.portable(), values)
    np.testing.assert_array_equal(told["text_ids"], own.ids.numpy())
    np.testing.assert_array_equal(told["text_lengths"], own.lengths.numpy())


def test_places_become_marks():
    told = {"text": "a cup of tea", "e1": [2, 5], "e2": [9, 12]}
    assert marked_text(told) == marked_text(json.dumps(told)) == "a <e1>cup</e1> of <e2>tea</e2>"
    assert spanned("a cup", [2, 5], [4, 5]) == spanned("a cup", [2, 9], [0, 1]) == spanned("a cup", None, [0, 1]) == ""


def test_units_are_words_and_not_marks(learned):
    batch = learned.batch(learned.encode([COLUMN]), np.array([0]))
    units = learned.units(batch, [COLUMN.take(np.array([0]))])
    assert units.names == ("the", "cat", "sat", "on", "a", "mat") and len(units.of) == int(batch.lengths)
    assert [TEXTS[0][slice(*told["span"])] for told in units.told] == list(units.names)


# -- layouts -------------------------------------------------------------------------------------------------------------
def read(path, content):
    path.write_text(content, "utf-8")
    assert relations.claims(path, ("marked", "category")) > 0.9
    return relations.read(path, DataChoices())


def test_semeval_is_read(tmp_path):
    table = read(tmp_path / "TRAIN_FILE.TXT", SEMEVAL)
    assert table.columns["relation"].values.to_pylist() == ["Content-Container(e1,e2)", "Other"]
    assert table.columns["text"].values.to_pylist()[0] == "The <e1>child</e1> lay in a <e2>cradle</e2>."
    (tmp_path / "TEST_FILE_FULL.TXT").write_text(SEMEVAL.replace("child", "baby"), "utf-8")
    (tmp_path / "TEST_FILE.txt").write_text('1\t"The <e1>baby</e1> lay in a <e2>cradle</e2>."\n', "utf-8")
    whole = relations.read(tmp_path, DataChoices())
    assert whole.parts is not None and sorted(whole.parts.tolist()) == ["test", "test", "train", "train"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("tacred.json", json.dumps(TACRED)),
        ("rows.jsonl", json.dumps({"text": "Ada Lovelace lived in London", "e1": [0, 12], "e2": [22, 28], **CITY})),
        ("few.jsonl", json.dumps({"tokens": TACRED[0]["token"], "h": {"pos": [0, 2]}, "t": {"pos": [4, 5]}, **CITY})),
        ("marked.jsonl", json.dumps({"text": "<e1>Ada Lovelace</e1> lived in <e2>London</e2>", "relation": "per:city"})),
    ],
)  # fmt: skip
def test_records_are_read(tmp_path, name, content):
    table = read(tmp_path / name, content)
    assert table.columns["text"].values.to_pylist() == ["<e1>Ada Lovelace</e1> lived in <e2>London</e2>"]
    assert table.columns["relation"].values.to_pylist() == ["per:city"]


def test_spans_outside_of_their_text_are_told_by_line(tmp_path):
    good = {"text": "a cup of tea", "e1": [2, 5], "e2": [9, 12], "relation": "holds"}
    rows = [good, good | {"e2": [9, 99]}, good | {"e2": [3, 5]}]
    table = read(tmp_path / "rows.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    (problem,) = (one for one in table.problems if one.code == "F-RELATIONS-SPANS")
    assert len(table) == 1 and problem.count == 2 and "rows.jsonl:2" in problem.where and problem.severity == "error"


@pytest.mark.parametrize(
    "content", ["[{", '[{"token": [], "subj_start": 0, "obj_start": 1}]', '{"text": "a", "e1": [0, 9], "e2": [3, 4]}']
)
def test_broken_records_are_an_error(tmp_path, content):
    path = tmp_path / "rows.json"
    path.write_text(content, "utf-8")
    with pytest.raises(DataError, match=r"F-JSON-SYNTAX|F-TABLE-EMPTY"):
        relations.read(path, DataChoices())


# -- the official measure ------------------------------------------------------------------------------------------------
def official(answers, truth):
    """What semeval2010_task8_scorer says of nine relations with directions, counted pair by pair as it does."""
    names = sorted({one.split("(")[0] for one in (*answers, *truth)} - {"Other"})
    scores = []
    for name in names:
        right = sum(a == t for a, t in zip(answers, truth, strict=True) if t.startswith(f"{name}("))
        answered, actual = (sum(one.startswith(f"{name}(") for one in side) for side in (answers, truth))
        precision, recall = right / answered if answered else 0.0, right / actual if actual else 0.0
        scores.append(2 * precision * recall / (precision + recall) if precision + recall else 0.0)
    return float(np.mean(scores))


@pytest.mark.parametrize("seed", range(4))
def test_relation_f1_is_that_of_the_official_scorer(seed):
    classes = ["Cause(e1,e2)", "Cause(e2,e1)", "Part(e1,e2)", "Part(e2,e1)", "Other"]
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 5, 60)
    answered = np.where(rng.random(60) < 0.5, truth, rng.integers(0, 5, 60))
    running = Running(["relation_f1"], Category(state={"classes": classes, "counts": [1] * 5}))
    running.update(np.eye(5)[answered], truth)
    expected = official([classes[k] for k in answered], [classes[k] for k in truth])
    assert running.compute()["relation_f1"] == pytest.approx(expected)


def test_relation_f1_by_hand():
    """One of two answers `Cause` right in its direction, one in the wrong one; three true ones: 2 · 1 / (2 + 3)."""
    classes = ["Cause(e1,e2)", "Cause(e2,e1)", "Other"]
    running = Running(["relation_f1"], Category(state={"classes": classes, "counts": [1] * 3}))
    running.update(np.eye(3)[[0, 1, 2, 2]], np.array([0, 0, 1, 2]))
    assert running.compute()["relation_f1"] == pytest.approx(0.4)


# -- models and a training -----------------------------------------------------------------------------------------------
def test_the_network_sees_which_span_is_which():
    spec = MarkedSpec(40, 16)
    torch.manual_seed(0)
    lengths = torch.tensor([7])
    one, other = torch.tensor([[4, 9, 5, 10, 6, 11, 7]]), torch.tensor([[6, 9, 7, 10, 4, 11, 5]])
    for network in (relation_cnn.build(spec, embedding=8, width=4, places=2), bert.build(spec, width=16, depth=1, heads=2)):
        network.eval()
        with torch.no_grad():
            found = network(Tokens(one, lengths))
            assert found.shape == (1, network.num_features) and not torch.allclose(found, network(Tokens(other, lengths)))


def test_relations_are_learned_and_answered(tmp_path, capsys):
    rng = np.random.default_rng(0)
    rows = []
    for _row in range(120):
        a, b = rng.choice(["sun", "rain", "wind", "snow"], 2, replace=False)
        way = bool(rng.random() < 0.5)
        text = f"the <e1>{a}</e1> {'brings' if way else 'follows'} much <e2>{b}</e2>"
        rows.append({"text": text, "relation": f"Cause({'e1,e2' if way else 'e2,e1'})"})
    (tmp_path / "data.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    settings = {"epochs": 30, "embedding": 12, "width": 8, "places": 2, "plan": "default", "learning_rate": 1e-2}
    run = fukami.train("relation-extraction", str(tmp_path / "data.jsonl"), out=tmp_path / "run", **settings)
    assert run.metrics["relation_f1"] > 0.8
    assert main(["predict", str(run.path), "a <e1>storm</e1> brings <e2>rain</e2>", "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)["predictions"]
    assert told["label"] == "Cause(e1,e2)"

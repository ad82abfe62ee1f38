"""Pairs of texts: their columns, their tokens, what the doctor finds, correlations, baselines, models, and a training."""

import json

import numpy as np
import pyarrow as pa
import pytest
import torch

import fukami
from fukami.cli.main import main
from fukami.core.errors import DataError, FukamiError
from fukami.core.tables import Column
from fukami.evaluate.baselines import overlap
from fukami.evaluate.baselines.contract import Examples
from fukami.export import assemble
from fukami.fields.category.field import Category
from fukami.fields.contract import Tokens
from fukami.fields.number.field import Number
from fukami.fields.pair.columns import chosen
from fukami.fields.pair.field import Pair
from fukami.fields.pair.spec import PairSpec, segments
from fukami.metrics.contract import Running
from fukami.models import bert, siamese

ANIMALS = ("cat", "dog", "bird", "fish")


def columns(**texts):
    return [Column(name, pa.array(values)) for name, values in texts.items()]


ROWS = columns(sentence1=["a man runs", "the cat sat", "a dog"], sentence2=["somebody moves fast", "a cat", "two dogs bark"])


@pytest.fixture
def learned():
    return Pair().learn(ROWS)


def test_both_texts_are_one_row_of_one_vocabulary(learned):
    ids, lengths = learned.batch(learned.encode(ROWS), np.arange(3))
    special = learned.state["special"]
    assert ids[0].tolist()[:1] == [special["cls"]] and int((ids[0] == special["sep"]).sum()) == 2
    assert lengths.tolist() == [9, 8, 8]
    both = segments(ids, learned.spec().divider)
    assert both[0].tolist() == [0] * 5 + [1] * 4
    cat = [set(ids[1][both[1] == side].tolist()) - {special["cls"], special["sep"], 0} for side in (0, 1)]
    assert len(cat[0] & cat[1]) == 1


def test_each_text_is_cut_by_itself():
    field = Pair(options=Pair.Options(max_tokens=3)).learn(ROWS)
    long = columns(sentence1=["a man runs " * 50], sentence2=["a cat"])
    assert field.batch(field.encode(long), np.array([0])).lengths.tolist() == [8]
    assert {problem.code for problem in field.unfamiliar(long)} == {"F-TEXT-CUT"}


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("premise", "id", "hypothesis"), ("premise", "hypothesis")),
        (("id", "Question1", "question2", "note"), ("Question1", "question2")),
        (("left", "right"), ("left", "right")),
        (("number", "one", "other"), ("one", "other")),
    ],
)
def test_both_columns_are_found(names, expected):
    texts = ["a fine long sentence here", "and another one there"]
    found = columns(**{name: ["1", "2"] if name in ("id", "number", "note") else texts for name in names})
    assert tuple(column.name for column in chosen(found)) == expected


@pytest.mark.parametrize("names", [("one",), ("one", "two", "three")])
def test_columns_that_could_be_any_are_refused(names):
    found = columns(**{name: ["a fine long sentence here", "and another one there"] for name in names})
    with pytest.raises(DataError, match="F-PAIR-COLUMNS") as told:
        chosen(found)
    assert "--set pair=" in told.value.fix


@pytest.mark.parametrize("value", ["a text", {"sentence1": "one"}, ["one"], 3, {"sentence1": "one", "sentence2": ["two"]}, {}])
def test_what_is_no_pair_is_refused_here_and_outside(learned, value):
    with pytest.raises(DataError, match="F-PAIR-INPUT"):
        learned.gather([value])
    with pytest.raises(ValueError, match="sentence1"):
        assemble.read(learned.portable(), [value])


def test_a_program_outside_reads_the_same_tokens(learned):
    values = [{"sentence1": "The cat", "SENTENCE2 ": "unknown words, a dog"}, ["a man", "runs"]]
    own = learned.batch(learned.encode(learned.gather(values)), np.arange(2))
    told = assemble.read(learned.portable(), values)
    np.testing.assert_array_equal(told["pair_ids"], own.ids.numpy())
    np.testing.assert_array_equal(told["pair_lengths"], own.lengths.numpy())


def test_the_doctor_tells_of_pairs():
    same = columns(sentence1=["a b", "c d", "e f"], sentence2=["a b", "c d", "e f"], id=["1", "2", "3"])
    found = {problem.code: problem for problem in Pair().check(same)}
    assert found["F-PAIR-SAME"].severity == "error" and found["F-PAIR-UNREAD"].got == "id"
    asked = columns(sentence1=["what is it"] * 3, sentence2=["a", "b", "c"])
    assert {p.severity for p in Pair().check(asked) if p.code == "F-TEXT-CONSTANT"} == {"warning"}
    turned = columns(sentence1=["a b", "c d"], sentence2=["c d", "a b"])
    codes = [problem.code for problem in Pair().between(turned, np.array([0]), np.array([1]))]
    assert codes == ["F-PAIR-TURNED", "F-PAIR-TEXTS"]
    empty = columns(sentence1=["a b", ""], sentence2=["", "d e"])
    assert not Pair().usable(empty).any()


def test_tokens_of_both_texts_can_be_weighed(learned):
    row = [column.take(np.array([1])) for column in ROWS]
    batch = learned.batch(learned.encode(row), np.array([0]))
    units = learned.units(batch, row)
    assert units.names == ("the", "cat", "sat", "a", "cat") and len(units.of) == int(batch.lengths)
    assert [told["in"] for told in units.told] == ["sentence1"] * 3 + ["sentence2"] * 2
    for name, told in zip(units.names, units.told, strict=True):
        start, stop = told["span"]
        assert units.layout["text"][start:stop] == name


# -- correlations --------------------------------------------------------------------------------------------------------
def correlations(answers, truth, weights=None):
    field = Number().learn([Column("y", pa.array(truth))])
    running = Running(["pearson", "spearman"], field)
    running.update(np.asarray(answers), np.asarray(truth), weights)
    return running.compute()


@pytest.mark.parametrize("seed", range(3))
def test_correlations_are_those_of_scipy(seed):
    from scipy import stats

    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 6, 200).astype(float)
    answers = np.round(truth + rng.normal(0, 2, 200), seed)  # ties on both sides
    found = correlations(answers, truth)
    assert found["pearson"] == pytest.approx(stats.pearsonr(answers, truth)[0], abs=1e-12)
    assert found["spearman"] == pytest.approx(stats.spearmanr(answers, truth)[0], abs=1e-12)


def test_correlations_have_no_value_where_nothing_varies():
    told = correlations([2.0] * 5, [1.0, 2.0, 3.0, 4.0, 5.0])
    assert np.isnan(told["pearson"]) and np.isnan(told["spearman"])
    near = correlations(np.arange(5) + 1e9, np.arange(5) + 1e9)
    assert near["pearson"] == pytest.approx(1.0) and near["spearman"] == 1.0


# -- models and baselines ------------------------------------------------------------------------------------------------
def test_overlap_knows_what_both_share():
    first = [f"the {a} runs" for a in ANIMALS * 6]
    second = [f"the {a if n % 2 else 'tree'} runs" for n, a in enumerate(ANIMALS * 6)]
    cells = columns(one=first, other=second)
    pair = Pair().learn(cells)
    target = Category(state={"classes": ["no", "yes"], "counts": [12, 12]})
    answer = overlap.fit(Examples({"pair": pair}, {"pair": cells}, target, np.arange(24) % 2))
    assert (answer({"pair": cells}).argmax(1) == np.arange(24) % 2).all()


def test_the_siamese_network_reads_each_text_by_itself():
    spec = PairSpec(40, 16)
    network = siamese.build(spec, width=8).eval()
    ids = torch.tensor([[2, 7, 8, 3, 9, 10, 3], [2, 7, 8, 3, 11, 12, 3]])
    x_BLW, valid_BL = network.embedding(Tokens(ids, torch.tensor([7, 7])))
    runs = network.read(x_BLW, valid_BL & (ids != 2) & (ids != 3))
    for found in runs:
        torch.testing.assert_close(found[0, 1:3], found[1, 1:3])
    turned = torch.tensor([[2, 9, 10, 3, 7, 8, 3]])
    same = torch.tensor([[2, 7, 8, 3, 7, 8, 3]])
    lengths = torch.tensor([7])
    with torch.no_grad():
        assert not torch.allclose(network(Tokens(ids[:1], lengths)), network(Tokens(turned, lengths)))
        x_BLW, valid_BL = network.embedding(Tokens(same, lengths))
        real_BL = valid_BL & (same > 3)
        left_BL = real_BL & (segments(same, 3) == 0)
        scores = network.late(network.read(x_BLW, real_BL), left_BL, real_BL & ~left_BL)
    torch.testing.assert_close(scores[0, :12], torch.full((12,), 3.0), atol=1e-5, rtol=0)


def test_bert_is_told_which_text_is_which():
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    network = bert.build(PairSpec(40, 16), width=16, depth=1, heads=2).eval()
    assert isinstance(network.net, transformers.BertForSequenceClassification)
    ids, lengths = torch.tensor([[2, 7, 3, 9, 3]]), torch.tensor([5])
    with torch.no_grad():
        expected = network.net(
            input_ids=ids, attention_mask=torch.ones_like(ids), token_type_ids=torch.tensor([[0, 0, 0, 1, 1]])
        ).logits
        torch.testing.assert_close(network(Tokens(ids, lengths)), expected)
        assert not torch.allclose(expected, network.net(input_ids=ids, attention_mask=torch.ones_like(ids)).logits)


# -- from data to answers ------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def run(tmp_path_factory):
    place = tmp_path_factory.mktemp("pairs")
    rng = np.random.default_rng(0)
    rows = []
    for _row in range(160):
        animal, other = rng.choice(ANIMALS, 2, replace=False)
        same = bool(rng.random() < 0.5)
        second = f"there a {animal if same else other} is seen"
        rows.append({"premise": f"the {animal} runs by", "hypothesis": second, "gold": "yes" if same else "no"})
    (place / "data.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    settings = {"epochs": 8, "width": 16, "plan": "default", "learning_rate": 1e-2, "target": "gold"}
    return fukami.train("text-pair-classification", str(place / "data.jsonl"), out=place / "run", **settings)


def test_pairs_are_learned_and_answered(run, capsys):
    assert run.metrics["accuracy"] > 0.8
    assert set(run.proofs["baselines"]["metrics"]) == {"majority", "overlap", "linear"}
    asked = json.dumps({"premise": "the cat runs by", "hypothesis": "there a cat is seen"})
    assert main(["predict", str(run.path), asked, "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)["predictions"]
    assert told["label"] == "yes"
    with pytest.raises(FukamiError):
        run.predict([{"premise": "the cat runs by"}])


def test_similarity_is_a_number(tmp_path):
    rows = ["first\tsecond\tscore"]
    rng = np.random.default_rng(0)
    for _row in range(60):
        a, b = rng.choice(ANIMALS, 2)
        rows.append(f"the {a} runs\tone {b} runs\t{5.0 if a == b else 1.0 + rng.random():.2f}")
    (tmp_path / "data.tsv").write_text("\n".join(rows) + "\n", "utf-8")
    told = fukami.train("text-similarity", str(tmp_path / "data.tsv"), out=tmp_path / "run", epochs=3, width=8, plan="default")
    assert {"pearson", "spearman"} <= set(told.metrics)

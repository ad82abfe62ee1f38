"""Explanations: planted cues are found, the test tells good orders from bad ones, and what cannot be explained says so."""

import dataclasses
import io
import json
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from fukami.cli.main import main
from fukami.core.cards import cards, load, methods_for
from fukami.core.errors import UsageError
from fukami.core.tables import Column
from fukami.explain.case import Case
from fukami.explain.cohort import Cohort
from fukami.explain.contract import Weights
from fukami.explain.explanation import verdict
from fukami.explain.faithfulness import faithfulness_of, steps, together
from fukami.explain.methods.attention_rollout import attention
from fukami.explain.nearest import keep, reference_of
from fukami.explain.summary import by_name
from fukami.explain.verb import Asked, Inputs, each, explain_run, explanation, surveyed
from fukami.fields.contract import InputField
from fukami.fields.image import explain as explain_image
from fukami.fields.registry import field_class
from fukami.fields.row import explain as explain_row
from fukami.fields.row.columns.registry import learned
from fukami.fields.row.field import Row
from fukami.fields.scored import Scored
from fukami.fields.text.field import Text
from fukami.fields.units import Portrait, Units, Way
from fukami.predictor import Predictor
from tests.small_predictors import row_of, small_predictor, trained

TOTAL = 120


# -- planted cues --------------------------------------------------------------------------------------------------------
@cache
def with_bright_corner() -> tuple[Predictor, tuple[Column, ...], np.ndarray]:
    """Noise, with a bright corner (upper right) in every picture of the second class; nothing else tells the classes."""
    rng = np.random.default_rng(0)
    index = np.arange(TOTAL) % 2
    pixels = rng.integers(60, 140, (TOTAL, 16, 16)).astype(np.uint8)
    pixels[index == 1, :4, 12:] = 250
    return *trained("image-classification", {"image": [Column("image", pixels)], "label": labels(index)}, steps=25), index


@cache
def with_leaked_word(model: str) -> tuple[Predictor, tuple[Column, ...], np.ndarray]:
    """Sentences of common words; "zebra" stands somewhere in every one of the second class."""
    rng = np.random.default_rng(0)
    index, words = np.arange(TOTAL) % 2, ["sun", "moon", "tree", "river", "stone", "cloud", "bird", "fish", "road", "house"]
    texts = []
    for k in index:
        sentence = list(rng.choice(words, 7))
        if k:
            sentence[int(rng.integers(7))] = "zebra"
        texts.append(" ".join(sentence))
    raw = {"text": [Column("text", pa.array(texts))], "label": labels(index)}
    return *trained("text-classification", raw, model=model, steps=25), index


@cache
def with_leaked_column() -> tuple[Predictor, tuple[Column, ...], np.ndarray]:
    """Columns of noise, and one that gives the class away."""
    rng = np.random.default_rng(0)
    index = np.arange(TOTAL) % 2
    columns = [Column(f"noise{i}", pa.array(rng.normal(size=TOTAL))) for i in range(4)]
    columns.insert(2, Column("leak", pa.array(index * 3.0 + rng.normal(0, 0.2, TOTAL))))
    columns.append(Column("town", pa.array(rng.choice(["Nara", "Kyoto"], TOTAL))))
    return *trained("tabular-classification", {"row": columns, "label": labels(index)}, steps=40), index


def labels(index: np.ndarray) -> list[Column]:
    return [Column("label", pa.array([f"class{k}" for k in index]))]


def methods_of(kind: str, scope: str = "input") -> list[str]:
    return [name for name, card in methods_for(kind).items() if card.scope == scope and card.looks_at != "parts"]


def weighed(method: str, case: Case) -> Weights:
    return load("explain/methods", method).weigh(case)


@pytest.mark.parametrize("method", methods_of("image"))
def test_a_bright_corner_is_found_out(method):
    predictor, columns, _index = with_bright_corner()
    case = Case(predictor, row_of(columns, 1))
    found = weighed(method, case)
    strongest = case.units.told[int(found.weights.argmax())]["box"]
    assert case.question.of == "class1" and strongest[0] >= 10 and strongest[1] < 6, strongest
    assert faithfulness_of(case, found.weights, signed=found.signed).better_than_random


@pytest.mark.parametrize("method", methods_of("text"))
def test_a_leaked_word_is_found_out(method):
    predictor, columns, _index = with_leaked_word("transformer")
    hits = []
    for row in (1, 3, 5, 7):
        case = Case(predictor, row_of(columns, row))
        hits.append(case.units.names[int(weighed(method, case).weights.argmax())] == "zebra")
    assert all(hits), hits


@pytest.mark.parametrize("method", methods_of("row"))
def test_a_leaked_column_is_found_out(method):
    predictor, columns, _index = with_leaked_column()
    for row in (0, 1):
        case = Case(predictor, row_of(columns, row))
        assert case.units.names[int(weighed(method, case).weights.argmax())] == "leak"


@pytest.mark.parametrize("method", methods_of("row", "set"))
@pytest.mark.parametrize("known", [True, False])
def test_a_leaked_column_is_found_out_over_a_set(method, known):
    predictor, columns, index = with_leaked_column()
    cohort = Cohort(predictor, columns, index if known else None)
    found = load("explain/methods", method).survey(cohort)
    ranked = np.argsort(-found.weights)
    assert cohort.units(0).names[ranked[0]] == "leak"
    assert found.weights[ranked[0]] > 3 * abs(found.weights[ranked[1]])


def test_examples_that_are_too_few_for_the_metric_or_to_be_exchanged_are_said_to_be():
    predictor, columns, index = with_leaked_column()
    alike = np.flatnonzero(index == index[0])  # of one class alone roc_auc has no value
    cohort = Cohort(predictor, [column.take(alike) for column in columns], index[alike])
    found = load("explain/methods", "permutation").survey(cohort)
    (note,) = found.notes
    assert f"roc_auc cannot be computed on these {len(alike)} examples" in note and "how far answers move" in found.measure
    assert found.weights.max() > 0 and cohort.units(0).names[int(found.weights.argmax())] == "leak"
    run = SimpleNamespace(predictor=predictor)
    one = Inputs(["row 1"], {predictor.task.input.name: row_of(columns, 0)}, index[:1])
    _none, summary, notes = surveyed(Asked(run, "permutation"), "permutation", [one])  # type: ignore[arg-type]
    assert all(unit["weight"] == 0 for unit in summary["units"])
    assert len(notes) == 2 and "this 1 example" in notes[0] and "there is 1" in notes[1]


def test_a_curve_of_partial_dependence_follows_the_column():
    predictor, columns, _index = with_leaked_column()
    cohort = Cohort(predictor, columns)
    found = load("explain/methods", "partial-dependence").survey(cohort)
    told = dict(zip(cohort.units(0).names, found.told, strict=True))["leak"]
    assert told["values"] == sorted(told["values"])
    assert told["scores"]["class1"][-1] > 0.9 > 0.1 > told["scores"]["class1"][0]


class Sure(nn.Module):
    """The outputs of another network, enlarged until every probability is 0 or 1."""

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network

    def forward(self, inputs):
        return 200 * self.network(inputs)


@pytest.mark.parametrize("method", ["occlusion", "lime", "shap"])
def test_a_network_that_is_wholly_sure_is_explained_by_its_answers(method):
    """Every probability is 1 whichever single patch is gone; the margin still tells the corner."""
    predictor, columns, _index = with_bright_corner()
    case = Case(dataclasses.replace(predictor, network=Sure(predictor.network)), row_of(columns, 1))
    alone = np.eye(len(case.units), dtype=bool)
    assert case.value == 1 and (case.values(alone) == 1).mean() > 0.9
    found = weighed(method, case).weights
    left, top = case.units.told[int(found.argmax())]["box"][:2]
    assert (found != 0).mean() > 0.9 and left >= 10 and top < 6


# -- the test of deletion and insertion ----------------------------------------------------------------------------------
def test_shapley_values_add_up_to_the_log_odds():
    predictor, columns, _index = with_leaked_column()
    case = Case(predictor, row_of(columns, 1))
    found = weighed("shap", case)
    assert found.base + found.weights.sum() == pytest.approx(case.margin, abs=1e-4)


def test_integrated_gradients_add_up_to_the_log_odds():
    predictor, columns, _index = with_bright_corner()
    case = Case(predictor, row_of(columns, 1))
    with torch.no_grad():
        ends = [case.question.margin(x) for x in (case.filling, case.batch)]
    total = weighed("integrated-gradients", case).weights.sum()
    assert total == pytest.approx(float(ends[1] - ends[0]), rel=0.1)


class Sum(nn.Module):
    """Log-odds that are a weighted sum of the numbers of a row: what counts is known."""

    def __init__(self, weights: list[float]):
        super().__init__()
        self.weights = nn.Parameter(torch.tensor(weights))

    def forward(self, inputs):
        numbers_BN = next(iter(inputs.values())).numbers
        return torch.stack([torch.zeros(len(numbers_BN)), numbers_BN @ self.weights], dim=1).unsqueeze(1)


@cache
def summed(weights: tuple[float, ...]) -> Case:
    """A row of ones, answered by such a sum."""
    rng = np.random.default_rng(1)
    columns = [Column(f"x{i}", pa.array(rng.normal(size=60))) for i in range(len(weights))]
    raw = {"row": columns, "label": labels(np.arange(60) % 2)}
    predictor, _columns = trained("tabular-classification", raw, steps=1)
    ones = [Column(column.name, pa.array([1.0])) for column in columns]
    return Case(dataclasses.replace(predictor, network=Sum(list(weights))), ones, of="class1")


def test_the_known_order_is_better_than_random_and_its_reverse_is_not():
    case = summed((2.0, 0.1, -1.5, 0.0, 1.0, -0.5, 0.05))
    known = np.array([2.0, 0.1, -1.5, 0.0, 1.0, -0.5, 0.05])
    good, bad = faithfulness_of(case, known), faithfulness_of(case, -known)
    assert good.better_than_random and good.p_value <= 0.05 and good.insertion > good.deletion
    assert not bad.better_than_random and bad.score == pytest.approx(-good.score)
    told = [explanation(case, "x", "shap", Weights(weights), None).verdict() for weights in (known, -known)]
    assert told[0].startswith("better than all 20 random orders (score ")
    assert told[1].startswith("not better than random: 20 of 20 random orders are as good")
    assert "p < 0.001" in verdict(together([good] * 12))


def test_a_network_that_does_not_look_at_its_input_has_no_attribution_that_is_better_than_random():
    case = summed((0.0,) * 6)
    assert not faithfulness_of(case, np.arange(6.0)).better_than_random


def test_random_orders_are_found_better_than_random_no_more_often_than_the_level_says():
    case = summed((2.0, 0.1, -1.5, 0.0, 1.0, -0.5, 0.05))
    rng = np.random.default_rng(0)
    found = []
    for seed in range(200):
        case.seed = seed
        found.append(faithfulness_of(case, rng.normal(size=7)).better_than_random)
    case.seed = 0
    assert np.mean(found) < 0.09  # 5 % of 200, within three deviations


@pytest.mark.parametrize(
    "task", [name for name, card in cards("tasks").items() if issubclass(field_class(card.targets[0]), Scored)]
)
def test_a_margin_says_the_same_as_the_calibrated_score(task):
    """Of one network and of several members, with a temperature and without."""
    predictor, _columns = small_predictor(task)
    target = predictor.task.target
    for members, temperature in ((1, 1.0), (3, 1.0), (1, 2.5), (3, 0.7)):
        outputs_BMK = torch.randn(5, members, target.num_outputs, generator=torch.Generator().manual_seed(0))
        warm = target.tempered(temperature)
        told = warm.comparable(warm.settle(warm.answers(outputs_BMK)))
        expected = torch.logit(told[:, 0]) if target.margin_unit == "log-odds" else told
        torch.testing.assert_close(warm.margin(outputs_BMK, 0).double(), expected.double(), atol=1e-4, rtol=1e-4)
    sure = target.margin(torch.tensor([[[90.0, -90.0, -70.0][: target.num_outputs]]]), 0)
    assert torch.isfinite(sure).all() and sure > 50


@pytest.mark.parametrize("total", range(1, 70))
def test_steps_are_the_same_from_either_end(total):
    found = steps(total)
    assert found[0] == 0 and found[-1] == total and np.array_equal(total - found[::-1], found)


def test_equal_weights_are_ordered_by_chance():
    """An attribution that says nothing must not profit from the order in which the units happen to stand."""
    case = summed((5.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0))
    scores = set()
    for seed in range(6):
        case.seed = seed
        scores.add(faithfulness_of(case, np.zeros(7), random=0).score)
    case.seed = 0
    assert len(scores) > 2


def test_a_word_that_comes_again_counts_as_one_part_of_its_text():
    """Its occurrences are added up before the strongest part of the text is looked for, so that no share is above 1."""

    def of(names, weights):
        return SimpleNamespace(units=Units(names, np.arange(len(names))), weights=Weights(np.array(weights)))

    found = by_name([of(("good", "Good", "film"), [2.0, 1.0, -1.5]), of(("film", "bad"), [1.0, -4.0])])  # type: ignore[list-item]
    told = {part["name"]: (part["weight"], part["mean"], part["examples"]) for part in found}
    assert told == {"good": (0.5, 0.5, 1), "film": (0.375, -0.125, 2), "bad": (0.5, -0.5, 1)}


# -- units of fields -----------------------------------------------------------------------------------------------------
def test_taking_away_a_patch_changes_its_pixels_only():
    x = torch.rand(1, 3, 20, 20)
    units = explain_image.units_of(x)
    gone = np.zeros((1, len(units)), bool)
    gone[0, 8] = True
    changed = (explain_image.without(x, units, gone, explain_image.blurred(x)) != x)[0].any(0).numpy()
    assert np.array_equal(changed, units.of == 8)


def test_a_blurred_picture_has_nothing_to_recognise():
    x = torch.zeros(1, 1, 32, 32)
    x[..., 8:24, 8:24] = 1
    assert explain_image.blurred(x).std() < 0.4 * x.std()


def test_tokens_know_their_letters_and_are_left_out():
    column = Column("text", pa.array(["The FINE film, don't miss it"]))
    text = Text().learn([column])
    batch = text.batch(text.encode([column]), np.array([0]))
    units = text.units(batch, [column])
    assert units.names == ("The", "FINE", "film", ",", "don't", "miss", "it")
    gone = np.zeros((2, 7), bool)
    gone[0, 1:3], gone[1] = True, True
    found = text.without(batch, units, gone)
    assert found.lengths.tolist() == [5, 1] and found.ids[1, 0] == text.state["special"]["unk"]
    assert found.ids[0].tolist() == batch.ids[0, [0, 3, 4, 5, 6]].tolist()


def test_a_text_without_tokens_has_no_units():
    column = Column("text", pa.array(["a film", "film"]))
    text = Text().learn([column])
    empty = [Column("text", pa.array(["   "]))]
    batch = text.batch(text.encode(empty), np.array([0]))
    assert len(text.units(batch, empty)) == 0


def test_what_fills_a_row_is_spread_as_its_columns_were():
    rng = np.random.default_rng(0)
    gain = np.where(rng.random(1000) < 0.9, 0.0, rng.normal(5000, 100, 1000))
    columns = [
        Column("gain", pa.array(gain)),
        Column("town", pa.array(np.where(rng.random(1000) < 0.75, "Nara", "Kyoto"))),
        Column("age", pa.array([None if rng.random() < 0.25 else float(v) for v in rng.normal(size=1000)])),
    ]
    row = Row().learn(columns)
    filling = explain_row.fillings([learned(told) for told in row.state["columns"]], seed=0, count=200)
    zero = row.encode(columns)["numbers"][np.flatnonzero(gain == 0)[0], 0]
    assert (filling.numbers[:, 0] == float(zero)).float().mean() == pytest.approx(0.9, abs=0.05)
    assert (filling.categories[:, 0] == 1).float().mean() == pytest.approx(0.75, abs=0.05)
    missing = filling.numbers[:, 2] == 1
    assert missing.float().mean() == pytest.approx(0.25, abs=0.05) and (filling.numbers[missing, 1] == 0).all()


def test_a_row_is_drawn_with_every_column_and_its_cells_as_the_file_has_them():
    names = tuple(f"c{i}" for i in range(14))
    units = Units(names, np.arange(14), tuple({"value": i} for i in range(14)))
    drawn = explain_row.portrait(units, np.arange(14) - 2.5).html
    assert drawn.count("<th>") == 12 and "2 more columns" in drawn and "nowrap" in drawn and ">+10.5<" in drawn
    cells = [Column("a", pa.array(["3", "4"])), Column("b", pa.array([1234567.0, None])), Column("c", pa.array([0.25, 2.0]))]
    row = Row().learn([Column(c.name, pa.array([*c.values.to_pylist()] * 30)) for c in cells])
    units = row.units(row.batch(row.encode(cells), np.array([0])), [column.take([0]) for column in cells])
    assert [told["value"] for told in units.told] == [3, 1234567, 0.25] and isinstance(units.told[0]["value"], int)


def test_units_of_a_row_are_its_columns_or_the_numbers_of_a_vector():
    vectors = [Column("", np.random.default_rng(0).normal(size=(50, 3)))]
    row = Row().learn(vectors)
    assert row.units(row.batch(row.encode(vectors), np.array([0])), [vectors[0].take([0])]).names == ("[0]", "[1]", "[2]")
    dates = [Column("day", pa.array([f"2024-{m:02d}-{d:02d}" for m in range(1, 5) for d in range(1, 20)]))]
    row = Row().learn(dates)
    units = row.units(row.batch(row.encode(dates), np.array([0])), [dates[0].take([0])])
    assert units.names == ("day",) and set(units.of) == {0} and units.told[0]["value"] == "2024-01-01"


class Sound(InputField):
    """A new kind of input, written for this test: recordings of 64 numbers, explained in eight stretches."""

    kind, name, options, state = "sound", "sound", None, {}

    def batch(self, stored, rows, device="cpu"):
        return torch.from_numpy(stored["wave"][rows])

    def encode(self, columns):
        return {"wave": np.asarray(columns[0].values, np.float32)}

    def units(self, batch, columns):
        return Units(tuple(f"stretch {k}" for k in range(8)), np.arange(64) // 8)

    def filling(self, batch, *, seed=0):
        return torch.zeros_like(batch)

    def without(self, batch, units, gone_PU, filling=None, draw=0):
        return torch.where(torch.from_numpy(gone_PU[:, units.of]), filling, batch)

    def way(self, batch, units, filling, network):
        return Way(filling, axis=1, layer=network.spread)

    def portrait(self, batch, units, weights_U, detail=None):
        return Portrait("<b></b>", lambda: b"")

    recognise = specimens = check = fingerprint = learn = render = schema = sketch = None  # what explaining does not touch
    spec = blank = plain_features = as_inputs = None


class Hearing(nn.Module):
    """Answers by what it hears in the sixth stretch."""

    def __init__(self):
        super().__init__()
        self.spread = nn.Unflatten(1, (1, 64))
        self.weight = nn.Parameter(torch.zeros(64))
        self.weight.data[40:48] = 3.0

    def forward(self, inputs):
        heard_B = (self.spread(inputs["sound"])[:, 0] * self.weight).sum(1)
        return torch.stack([-heard_B, heard_B], 1).unsqueeze(1)


@pytest.mark.parametrize(
    "method", [name for name, c in cards("explain/methods").items() if c.asks in ("units", "way") and c.looks_at != "parts"]
)
def test_a_new_kind_of_input_is_explained_by_what_its_field_says(method):
    predictor, _columns = small_predictor("tabular-classification")
    task = dataclasses.replace(predictor.task, inputs={"sound": Sound()})
    heard = dataclasses.replace(predictor, task=task, network=Hearing())
    wave = np.random.default_rng(0).normal(1, 0.1, (1, 64)).astype(np.float32)
    case = Case(heard, [Column("sound", wave)])
    found = weighed(method, case)
    assert case.units.names[int(found.weights.argmax())] == "stretch 5"
    assert faithfulness_of(case, found.weights).score > 0.4


# -- methods -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("masked", [False, True])
def test_attention_is_what_torch_applies(masked):
    q, k, v = torch.randn(3, 1, 2, 5, 4)
    mask = torch.tensor([True, True, True, False, True])[None, None, None] if masked else None
    torch.testing.assert_close(attention(q, k, v, mask) @ v, F.scaled_dot_product_attention(q, k, v, attn_mask=mask))
    torch.testing.assert_close(attention(q, k, v, is_causal=True) @ v, F.scaled_dot_product_attention(q, k, v, is_causal=True))


@pytest.mark.parametrize(
    "model",
    ["vit", "lenet", *(pytest.param(one, marks=pytest.mark.slow) for one in ("resnet", "mobilenet", "timm:test_convnext"))],
)
def test_grad_cam_finds_the_grid_of_any_encoder(model):
    predictor, columns = small_predictor_of_pictures(model)
    found = weighed("grad-cam", Case(predictor, row_of(columns, 0)))
    assert found.detail.shape == (32, 32) and found.weights.max() > 0 and np.ptp(found.weights) > 0


def small_predictor_of_pictures(model: str) -> tuple[Predictor, tuple[Column, ...]]:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 255, (8, 32, 32, 3)).astype(np.uint8)
    raw = {"image": [Column("image", pixels)], "label": labels(np.arange(8) % 2)}
    return trained("image-classification", raw, model=model, steps=2)


@pytest.mark.parametrize("model", ["transformer", pytest.param("bert", marks=pytest.mark.slow)])
def test_attention_is_seen_in_any_transformer(model):
    predictor, columns, _index = with_leaked_word(model)
    found = weighed("attention-rollout", Case(predictor, row_of(columns, 1)))
    assert (found.weights >= 0).all() and np.ptp(found.weights) > 0


@pytest.mark.parametrize(("task", "model", "method"), [
    ("text-classification", "gru", "attention-rollout"),
    ("image-classification", "perceptron", "grad-cam"),
])  # fmt: skip
def test_what_a_network_does_not_have_is_told_with_what_fits(task, model, method):
    predictor, columns = small_predictor(task, model, steps=1)
    with pytest.raises(UsageError, match="F-EXPLAIN-FIT") as told:
        weighed(method, Case(predictor, row_of(columns, 0)))
    assert told.value.expected == "one of integrated-gradients, occlusion, lime, shap"
    assert told.value.fix == "--method integrated-gradients"


def test_a_label_that_is_not_there_is_answered_with_those_that_are():
    predictor, columns = small_predictor("image-classification")
    with pytest.raises(UsageError, match="F-EXPLAIN-LABEL"):
        Case(predictor, row_of(columns, 0), of="clas1")
    assert Case(predictor, row_of(columns, 0), of="class1").question.of == "class1"


def test_the_nearest_example_of_a_training_example_is_itself(tmp_path):
    from fukami.data.store import prepare
    from fukami.explain.nearest import features

    predictor, columns = small_predictor("image-classification")
    raw = {"image": list(columns), "label": labels(np.arange(48) % 3)}
    keep(predictor, prepare(predictor.task.fields, raw, {}), np.arange(40), raw, tmp_path / "reference", seen=10_000)
    reference = reference_of(tmp_path)
    found = features(predictor, predictor.batch({"image": columns}, np.array([7])))[0].numpy()
    nearest = reference.nearest(found, 3)
    assert nearest[0]["input"] == "[7]" and nearest[0]["similarity"] > 0.999 and len(reference.names) == 40
    assert reference.nearest(np.zeros(3, np.float32)) == []


# -- the verb ------------------------------------------------------------------------------------------------------------
class Own(nn.Module):
    """A module of one's own with a grid of features in it."""

    def __init__(self):
        super().__init__()
        self.grid = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU())
        self.last = nn.Linear(8, 10)

    def forward(self, x_BCHW: torch.Tensor) -> torch.Tensor:
        return self.last(self.grid(x_BCHW).mean((2, 3)))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Digits, learned by a module of one's own: a run with a reference, without its code."""
    from sklearn.datasets import load_digits

    import fukami

    digits = load_digits()
    place = tmp_path_factory.mktemp("runs") / "digits"
    return fukami.train(
        "image-classification", (digits.images, digits.target), model=Own(), out=place, epochs=1, plan="default"
    )


def test_a_run_explains_an_array_and_saves_it(run, tmp_path):
    from sklearn.datasets import load_digits

    found = run.explain(load_digits().images[0])
    assert found.method == "integrated-gradients" and found.of in map(str, range(10)) and len(found.nearest) == 5
    for ending in ("png", "html", "json"):
        assert found.save(tmp_path / f"why.{ending}").stat().st_size > 100
    assert json.loads((tmp_path / "why.json").read_text())["method"] == "integrated-gradients"
    assert "<img" in found._repr_html_()
    with pytest.raises(UsageError, match="F-EXPLAIN-FILE"):
        found.save("why.gif")
    assert len(run.explain([load_digits().images[0]] * 2, method="occlusion")) == 2


def test_the_nearest_are_shown_while_the_data_lies_there_unchanged(tmp_path):
    import fukami

    rng, table = np.random.default_rng(0), tmp_path / "people.csv"
    rows = [
        f"{age},{'Nara' if age % 2 else 'Kyoto'},{'old' if age > 50 else 'young'}" for age in rng.permutation(np.arange(20, 90))
    ]
    table.write_text("\n".join(["age,town,label", *rows]))
    run = fukami.train(
        "tabular-classification",
        table,
        model="mlp",
        out=tmp_path / "run",
        epochs=1,
        plan="default",
        settings={"target": "label"},
    )

    def nearest():
        found = run.explain({"age": 60, "town": "Kyoto"}, method="occlusion")
        return found.as_dict()["nearest"], found.html()

    told, page = nearest()
    assert len(told) == 5 and all(one["target"] in ("old", "young") for one in told)
    line = int(told[0]["input"].rpartition(":")[2])
    age, town, label = rows[line - 2].split(",")
    assert told[0]["text"] == f"age = {age}, town = {town}" and told[0]["target"] == label and told[0]["text"] in page
    assert not any(rows[line - 2].encode() in file.read_bytes() for file in (tmp_path / "run").rglob("*") if file.is_file())
    table.write_text(table.read_text().replace(rows[line - 2], f"{int(age) + 1000},{town},{label}"))
    told, _page = nearest()
    assert "text" not in told[0] and "text" in told[1]
    table.unlink()
    told, page = nearest()
    assert len(told) == 5 and not any("text" in one for one in told) and told[0]["input"] in page


def test_one_input_gives_one_explanation_and_a_batch_of_one_a_list(run):
    one = run.explain(np.zeros((8, 8)), method="occlusion")
    told = repr(one)
    assert told.startswith("<Explanation of image[0]: ") and "occlusion" in told and len(told) < 400 and "array" not in told
    for batch in (np.zeros((1, 8, 8, 1)), [np.zeros((8, 8))]):
        (listed,) = run.explain(batch, method="occlusion")
        assert listed.answer == one.answer


@pytest.mark.parametrize(("task", "truth", "right"), [
    ("image-classification", {"label": "class1"}, True),
    ("tabular-regression", {"value": 3.5}, None),
])  # fmt: skip
def test_the_truth_stands_beside_the_answer_where_it_is_known(task, truth, right):
    predictor, columns = small_predictor(task)
    target, run = predictor.task.target, SimpleNamespace(predictor=predictor, path=Path("nowhere"))
    key, value = next(iter(truth.items()))
    cell = Column(target.name, pa.array([value]))
    known = target.truth(target.batch(target.encode([cell]), np.array([0]))).numpy()
    (found,), _notes = each(Asked(run), "occlusion", [Inputs(["one"], {predictor.task.input.name: row_of(columns, 1)}, known)])  # type: ignore[arg-type]
    told = found.as_dict()
    assert told["truth"] == {key: pytest.approx(value) if key == "value" else value}
    wrong = dataclasses.replace(found, answer={**found.answer, "label": "class2"})
    if right is None:
        assert "right" not in told and "it is 3.5" in found.html()
        return
    assert dataclasses.replace(found, answer={**found.answer, "label": "class1"}).as_dict()["right"] is True
    assert wrong.as_dict()["right"] is False and "wrong, it is class1" in wrong.html()


def test_a_set_gets_a_folder_with_a_page(run, tmp_path):
    from sklearn.datasets import load_digits

    from fukami import api

    told = api.explain(run, load_digits().images[:5], method="occlusion", out=tmp_path / "why")
    names = sorted(path.name for path in (tmp_path / "why").iterdir())
    expected = [f"00{n}-image-{n - 1}.{ending}" for n in range(1, 6) for ending in ("html", "png")]
    assert [name for name in names if name.startswith("00")] == expected
    assert told["summary"]["examples"] == 5 and len(told["summary"]["units"]) == 64
    page = (tmp_path / "why" / "explanations.html").read_text()
    assert "Content-Security-Policy" in page and page.count('class="explanation"') == 5 and "http://" not in page
    written = json.loads((tmp_path / "why" / "explanations.json").read_text())
    assert written["explanations"][0]["faithfulness"]["random"]["orders"] == 10
    with pytest.raises(UsageError, match="F-EXPLAIN-OUT"):
        api.explain(run, load_digits().images[:1], out=tmp_path / "why")


def test_a_terminal_gets_a_line_for_each_of_many_inputs_and_the_page_tells_what_counts_for_nothing():
    from fukami.cli import explain
    from fukami.cli._screen import Screen
    from fukami.explain import page

    one = {
        "input": "people.csv:2", "answer": {"label": "old", "score": 1.0}, "truth": {"label": "old"}, "right": True,
        "of": "old", "unit": "log-odds", "faithfulness": None,
        "units": [{"name": f"part {k}", "weight": float(k)} for k in range(12)],
    }  # fmt: skip
    units = [{"name": "age", "weight": 0.5}, {"name": "town", "weight": -0.25}]
    told = {"task": "t", "run": "r", "method": "shap", "explanations": [one], "summary": {"examples": 12, "units": units}}
    said = []
    for explanations in ([one], [one] * 12):
        screen = Screen(io.StringIO(), columns=100, colour=False)
        explain.show(told | {"explanations": explanations, "files": [f"why/{n}.png" for n in range(9)]}, screen)
        said.append(screen.stream.getvalue().replace("\xa0", " "))
    assert "old (100 %) – right" in said[0] and "log-odds" in said[0] and "+11.0" in said[0] and "… and 2 more" in said[0]
    assert "12 of 12 are right" in said[1] and "… and 2 more" in said[1] and "9 files beside it" in said[1]
    assert said[1].count("part 11, part 10, part 9") == 10 and "log-odds" not in said[1] and len(said[1].splitlines()) < 30
    assert "nothing is lost without these: town" in page._most(told["summary"])


@pytest.mark.parametrize(("words", "code"), [
    (("explain", "RUN", "x.png", "--method", "grad-camm"), "F-METHOD-NAME"),
    (("explain", "RUN", "x.png"), "F-RUN-MODULE"),
    (("explain", "/nowhere/at/all", "x.png"), "F-RUN"),
])  # fmt: skip
def test_mistakes_on_the_command_line(run, words, code, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.png").touch()
    exit_code = main([str(run.path) if word == "RUN" else word for word in words])
    assert exit_code == 2 and capsys.readouterr().err.startswith(code)


def test_a_picture_says_what_it_shows(run, tmp_path, monkeypatch):
    """Label, method and colours stand below it, also where no font has the letters of the user's language."""
    from PIL import Image

    from fukami.core import language
    from fukami.fields import lettering

    found = run.explain(np.zeros((8, 8)), method="occlusion")
    said = ["".join(piece.text for piece in line) for line in found._caption()]
    assert any("occlusion, weights in log-odds" in line for line in said)
    assert [line.strip() for line in said[-2:]] == [f"speaks for {found.of}", f"speaks against {found.of}"]
    with_caption = Image.open(found.save(tmp_path / "why.png"))
    assert with_caption.height > Image.open(io.BytesIO(found.portrait.png())).height + 4 * lettering.SIZE_PX
    monkeypatch.setattr(lettering, "_WIDE", ())
    monkeypatch.setattr(lettering, "_LATIN", ())
    with language.speaking("ja"):
        assert found.png()[:4] == b"\x89PNG"


def test_words_with_line_breaks_are_drawn_as_one_line():
    from fukami.fields import lettering

    assert lettering.drawn([[lettering.Piece("a column\r\nof two lines", 0.5)]]) == lettering.drawn(
        [[lettering.Piece("a column of two lines", 0.5)]]
    )


@pytest.mark.parametrize(("text", "readable"), [("A fine film", True), ("映画が好きです", False), ("It’s a “fine” film", True)])
def test_letters_that_no_font_has_are_refused(text, readable, monkeypatch):
    from fukami.fields import lettering

    monkeypatch.setattr(lettering, "_WIDE", ())
    monkeypatch.setattr(lettering, "_LATIN", ())
    if readable:
        assert lettering.drawn([lettering.pieces(text)])[:4] == b"\x89PNG"
        return
    with pytest.raises(UsageError, match="F-EXPLAIN-FONT"):
        lettering.drawn([lettering.pieces(text)])


def test_a_method_that_is_left_out_is_told_and_other_mistakes_stay(run, monkeypatch):
    """The usual method gives way where the network or a library does not allow it, and for no other reason."""
    module = load("explain/methods", "integrated-gradients")

    def refuse(code):
        def weigh(_case):
            raise UsageError(code, "for a reason")

        return weigh

    monkeypatch.setattr(module, "weigh", refuse("F-EXTRA-MISSING"))
    found = run.explain(np.zeros((8, 8)))
    assert found.method == "occlusion" and found.notes == ("integrated-gradients is left out: for a reason",)
    assert "for a reason" in found.html() and found.as_dict()["notes"] == list(found.notes)
    monkeypatch.setattr(module, "weigh", refuse("F-OTHER"))
    with pytest.raises(UsageError, match="F-OTHER"):
        run.explain(np.zeros((8, 8)))


def test_one_example_has_one_verdict(run, tmp_path):
    from fukami import api

    told = api.explain(run, [np.zeros((8, 8))], method="occlusion", out=tmp_path / "why")
    own, whole = told["explanations"][0]["faithfulness"], told["summary"]["faithfulness"]
    assert whole["p_value"] == own["p_value"] and whole["better_than_random"] == own["better_than_random"]
    page = (tmp_path / "why" / "explanations.html").read_text()
    assert (
        page.count("random orders (score") + page.count("orders are as good (score") == 2
    )  # below the picture, above its curve
    assert "<img" in page.partition("<svg")[0] and "mean strength" not in page


@pytest.mark.parametrize(("scale", "dtype"), [(1.0, torch.float16), (1e8, torch.float32), (float("nan"), None)])
def test_features_that_half_precision_cannot_hold_are_kept_or_missed_aloud(scale, dtype, tmp_path, monkeypatch):
    from safetensors.torch import load_file

    from fukami.data.store import prepare
    from fukami.explain import nearest

    predictor, columns = small_predictor("image-classification")
    raw = {"image": list(columns), "label": labels(np.arange(48) % 3)}
    found = nearest.features
    monkeypatch.setattr(nearest, "features", lambda *given: found(*given) * scale)
    place = tmp_path / "reference"
    keep(predictor, prepare(predictor.task.fields, raw, {}), np.arange(40), raw, place, seen=10_000)
    if dtype is None:
        assert reference_of(tmp_path) is None and "not finite" in nearest.not_kept(tmp_path)[0]
        return
    assert load_file(place / nearest.FEATURES)["features"].dtype == dtype and nearest.not_kept(tmp_path) == []


def test_a_method_of_another_kind_of_input(run):
    with pytest.raises(UsageError, match="F-EXPLAIN-KIND"):
        run.explain(np.zeros((8, 8)), method="attention-rollout")


@pytest.mark.parametrize("name", ["file/why", "x" * 300], ids=["file", "long"])
def test_a_place_where_no_folder_can_be_is_told_before_anything_is_explained(tmp_path, name):
    (tmp_path / "file").write_text("theirs")
    with pytest.raises(UsageError, match="F-RUN-PLACE"):
        explain_run(None, [], out=tmp_path / name)  # type: ignore[arg-type]
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_a_folder_of_explanations_leaves_the_drafts_of_others_and_the_own_place_alone(tmp_path, monkeypatch):
    from pathlib import Path

    from fukami.explain import written

    others = tmp_path / ".why.new"
    others.mkdir()
    (others / "mine").touch()
    monkeypatch.setattr(written, "page", lambda *_args: "")
    assert [path.name for path in written.write(tmp_path / "why", {}, {}, [])] == [written.PAGE, written.JSON]
    assert (others / "mine").exists() and sorted(p.name for p in tmp_path.iterdir()) == [".why.new", "why"]
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    with pytest.raises(UsageError) as refused:
        written.refuse_existing(Path())
    assert refused.value.code == "F-EXPLAIN-OUT"

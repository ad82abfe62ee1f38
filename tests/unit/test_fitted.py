"""Models whose weights are found at once: boosted trees and linear models as networks, and several weighed together."""

import json

import numpy as np
import pytest
import torch

import fukami
from fukami import api
from fukami.core.errors import UsageError
from fukami.core.recipe import LearningChoices
from fukami.core.specs import RowSpec
from fukami.fields.contract import Cells
from fukami.layers.heads import LinearHead
from fukami.models import boosting, linear
from fukami.models.best import weighed
from fukami.models.contract import Known, Network
from fukami.training.session import LOSS, Best

N = 500


@pytest.fixture(scope="module")
def rows():
    """Three numbers, the second with gaps, a category of 6 and one of 300 values; and what they add up to."""
    rng = np.random.default_rng(0)
    numbers, gone = rng.normal(size=(N, 3)).astype(np.float32), rng.random(N) < 0.2
    codes = np.stack([rng.integers(0, 6, N), rng.integers(0, 300, N)], 1)
    score = numbers[:, 0] + np.where(gone, 2, numbers[:, 1]) + 2 * (codes[:, 0] == 2) + codes[:, 1] / 100
    numbers[gone, 1] = 0
    cells = Cells(torch.from_numpy(np.column_stack([numbers, gone.astype(np.float32)])), torch.from_numpy(codes))
    return RowSpec(4, (6, 300), missing=(1,)), cells, ((score - score.mean()) / score.std()).astype(np.float32)


def targets_of(score, outputs):
    cuts = {2: [0.5], 3: [0.3, 0.6]}
    return score if outputs == 1 else np.digitize(score, np.quantile(score, cuts[outputs])).astype(np.int64)


def known(cells, targets, outputs, part):
    learning = LearningChoices(learning_rate=0.1)
    return Known(Cells(*(c[part] for c in cells)), targets[part], outputs, learning, another=None, tell=None)  # type: ignore[arg-type]


@pytest.mark.parametrize("outputs", [1, 2, 3])
def test_trees_and_weights_as_tensors_answer_what_scikit_learn_would(rows, outputs):
    """`boosting.fit` itself compares its tensors with the trees that they are from; here is what they are worth unseen."""
    spec, cells, score = rows
    targets, train, rest = targets_of(score, outputs), slice(0, 400), slice(400, N)
    found = {}
    for family, options in ((boosting, {"trees": 60, "leaves": 15}), (linear, {})):
        encoder = family.build(spec)
        network = Network(encoder, LinearHead(encoder.num_features, outputs))
        told = family.fit(network, known(cells, targets, outputs, train), **options)
        assert family is linear or told == options
        with torch.no_grad():
            answers = network({"row": known(cells, targets, outputs, rest).inputs})[:, 0].numpy()
        right = answers.argmax(1) == targets[rest] if outputs > 1 else 1 - (answers[:, 0] - targets[rest]) ** 2
        found[family] = right.mean()
    assert found[boosting] > {1: 0.85, 2: 0.85, 3: 0.75}[outputs]
    assert found[linear] > {1: 0.85, 2: 0.65, 3: 0.5}[outputs]


def test_trees_after_the_lowest_validation_loss_are_left_out(rows):
    spec, cells, score = rows
    given = known(cells, targets_of(score, 2), 2, slice(0, 400))
    held = known(cells, targets_of(score, 2), 2, slice(400, N))
    encoder = boosting.build(spec)
    network = Network(encoder, LinearHead(1, 2))
    fitted = Known(given.inputs, given.targets, 2, given.learning, given.another, given.tell, valid=held)
    told = boosting.fit(network, fitted, trees=0, leaves=8)
    assert 10 < told["trees"] < 1000 and encoder.num_features == told["trees"]
    again = boosting.build(spec)
    other = Network(again, LinearHead(1, 2))
    boosting.fit(other, fitted, **told)
    assert torch.equal(network({"row": held.inputs}), other({"row": held.inputs}))


def test_weights_follow_what_helps_and_are_nearly_equal_where_few_can_tell():
    truth = np.array([0, 1] * 500)
    sure, wrong = np.eye(2)[truth] * 0.8 + 0.1, np.eye(2)[1 - truth] * 0.8 + 0.1
    assert weighed(np.stack([sure, wrong]), truth).tolist() == [1.0, 0.0]
    few = weighed(np.stack([sure, wrong])[:, :10], truth[:10])
    assert few[0] < 0.7 and few.sum() == pytest.approx(1)


def test_a_lucky_validation_decides_nothing_where_several_are_averaged():
    layer, best = torch.nn.Linear(1, 1), Best(LOSS, window=3)
    for step, value in enumerate((0.5, 0.1, 0.6, 0.3, 0.2, 0.25, 0.9), 1):
        best.seen(value, step, layer)
    assert best.step == 6
    again = Best(LOSS, window=3)
    again.load(best.state())
    assert again.recent == best.recent


# -- as runs ---------------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """Shops: numbers with gaps, a category, and whether they stay open. Only what two columns have in common tells it."""
    rng, path = np.random.default_rng(1), tmp_path_factory.mktemp("shops") / "shops.csv"
    rent, visits, town = rng.normal(size=400), rng.normal(size=400), rng.integers(0, 4, 400)
    stays = (rent * visits > 0) ^ (town == 3)
    lines = [f"{'' if rng.random() < 0.05 else f'{r:.3f}'},{v:.3f},t{t},{'yes' if s else 'no'}"
             for r, v, t, s in zip(rent, visits, town, stays, strict=True)]  # fmt: skip
    path.write_text("rent,visits,town,stays\n" + "\n".join(lines))
    return path


@pytest.fixture(scope="module")
def run(table, tmp_path_factory):
    place = tmp_path_factory.mktemp("runs") / "run"
    return fukami.train("tabular-classification", table, model="boosting", out=place, epochs=7, target="stays")


def test_boosting_is_a_run_like_any_other(run, table):
    assert run.metrics["roc_auc"] > 0.9 and run.told["training"]["steps"] == 0
    assert any("epochs" in note for note in run.told["notes"])  # told to mean nothing here
    assert {file.name for file in (run.path / "model").iterdir()} == {"model.safetensors", "config.json"}
    again = fukami.load(run.path)
    asked = [{"rent": 1.0, "visits": 2.0, "town": "t1"}, {"rent": None, "visits": -1.0, "town": "nowhere"}]
    assert again.predict(asked) == run.predict(asked)
    assert run.evaluate()["metrics"]["roc_auc"]["value"] == pytest.approx(run.metrics["roc_auc"])
    assert run.explain(asked[0], method="occlusion").units


@pytest.mark.slow
def test_boosting_leaves_as_a_graph_that_agrees(run):
    assert api.export(run, "onnx")["parity"]["held"]


def test_the_recipe_grows_the_same_trees(run, tmp_path):
    again = fukami.train(str(run.path / "recipe.toml"), out=tmp_path / "again")
    own, other = (one.path / "model" / "model.safetensors" for one in (run, again))
    assert own.read_bytes() == other.read_bytes()


def test_what_means_steps_is_refused_with_a_word(run, table, tmp_path):
    for call in (
        lambda: fukami.plan("tabular-classification", table, model="linear"),
        lambda: fukami.train("tabular-classification", table, model="boosting", out=tmp_path / "a", devices=2),
        lambda: fukami.train("tabular-classification", table, model="boosting", out=tmp_path / "b", prove_resume=True),
        lambda: fukami.train("tabular-classification", table, model="linear", out=tmp_path / "c", on_epoch=print),
        lambda: run.diagnose(),
        lambda: run.compress(to="int8"),
    ):
        with pytest.raises(UsageError) as error:
            call()
        assert error.value.code == "F-MODEL-FITTED"


def test_where_boosting_is_better_on_validation_the_advice_is_its_command(table, tmp_path):
    weak = fukami.train("tabular-classification", table, model="linear", out=tmp_path / "weak", target="stays")
    proof = json.loads((weak.path / "proofs" / "baselines.json").read_text("utf-8"))
    assert proof["advice"]["model"] == "boosting" and proof["advice"]["value"] > proof["advice"]["own"]
    assert proof["apart"]["boosting"]["high"] < 0
    command = weak.summary()["next"][0]["command"]
    assert command == f"fukami train tabular-classification {table} --model boosting --set target=stays"
    assert not any("export" in step["command"] for step in weak.summary()["next"])
    assert command in (weak.path / "report.html").read_text("utf-8")


@pytest.mark.slow
def test_best_weighs_its_parts_and_is_one_network(table, tmp_path):
    best = fukami.train("tabular-classification", table, model="best", out=tmp_path / "best", epochs=3, target="stays")
    assert "boosting" in best.recipe.model.options["parts"] and best.metrics["roc_auc"] > 0.9
    assert any("weight" in note for note in best.told["notes"])
    assert api.export(best, "onnx")["parity"]["held"]

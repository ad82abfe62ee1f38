"""Anomalies: what labels mean, what is learned from, a threshold that holds, and metrics beside scikit-learn's."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch

from fukami.cli.main import main
from fukami.core.errors import DataError
from fukami.core.recipe import Recipe
from fukami.core.tables import Column
from fukami.data.split import folds
from fukami.evaluate.judge import judge
from fukami.fields.anomaly.field import Anomaly
from fukami.fields.anomaly.threshold import settled
from fukami.tasks.registry import contract
from fukami.training.prepare import examined

RNG = np.random.default_rng(0)


def labels(*values) -> list[Column]:
    return [Column("label", pa.array(list(values)), file="data.csv")]


def codes(columns, **options) -> dict[str, str]:
    return {p.code: p.severity for p in Anomaly(options=Anomaly.Options(**options)).check(columns)}


# -- labels ----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("values", "options", "expected"),
    [
        (["good", "scratch", None], {}, [0, 1, np.nan]),
        ([0, 1, None], {}, [0, 1, np.nan]),
        ([1, -1, 1], {}, [0, 1, 0]),
        ([False, True, None], {}, [0, 1, np.nan]),
        (["cat", "dog", "cow"], {"normal": "dog, cow"}, [1, 0, 0]),
        (["正常", "不良"], {}, [0, 1]),
        (["cat", "dog", "cow"], {}, [np.nan] * 3),
        ([None, None], {}, [np.nan] * 2),
    ],
)
def test_labels_that_mean_normal_are_known_or_asked_for(values, options, expected):
    np.testing.assert_array_equal(Anomaly(options=Anomaly.Options(**options)).values(labels(*values)), expected)


@pytest.mark.parametrize(
    ("values", "options", "code", "severity"),
    [
        (["cat", "dog"], {}, "F-ANOMALY-NORMAL", "error"),
        (["cat", "dog"], {"normal": "caat"}, "F-ANOMALY-ABSENT", "error"),
        (["yes", "true"], {}, "F-ANOMALY-NORMAL", "error"),
        (["good", "bad", "bad"], {}, "F-ANOMALY-MOSTLY", "warning"),
        (["good", "bad", "good"], {}, "F-ANOMALY-FEW", "note"),
        (["good", "good"], {}, "F-ANOMALY-NEVER", "note"),
        (["good", None], {}, "F-ANOMALY-UNLABELLED", "note"),
        (["good", "bad"], {}, "F-ANOMALY-TAKEN", "note"),
    ],
)
def test_the_doctor_tells_what_labels_are_taken_for(values, options, code, severity):
    assert codes(labels(*values), **options).get(code) == severity


def test_other_data_may_say_normal_in_other_words():
    field = Anomaly().learn(labels("good", "bad"))
    np.testing.assert_array_equal(field.values(labels("ok", "bad", "hole")), [0, 1, 1])
    with pytest.raises(DataError, match="F-ANOMALY-NORMAL"):
        Anomaly().learn(labels("cat", "dog"))


# -- the threshold -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("asked", [0.01, 0.05, 0.2])
def test_the_promised_rate_holds_on_normal_examples_that_were_not_seen(asked):
    """Whatever the distribution: over many draws the mean rate is what is expected, and the interval covers it."""
    rates, inside, told = [], 0, {}
    for _draw in range(200):
        told = settled(RNG.lognormal(size=150), asked)
        rate = float((RNG.lognormal(size=4000) > told["threshold"]).mean())
        rates.append(rate)
        inside += told["false_alarms"]["low"] - 0.01 <= rate <= told["false_alarms"]["high"] + 0.01
    assert np.mean(rates) == pytest.approx(told["false_alarms"]["expected"], abs=0.006)
    assert told["false_alarms"]["expected"] <= asked + 1e-9 and inside >= 180


def test_too_few_examples_promise_no_more_than_they_can():
    told = settled(np.array([1.0, 2.0, 3.0]), 0.05)
    assert told["threshold"] == 3.0 and told["false_alarms"]["expected"] == 0.25


def test_anomalies_kept_aside_do_not_move_the_threshold():
    scores, truth = torch.tensor([1.0, 2.0, 3.0, 99.0]), torch.tensor([0.0, 0.0, torch.nan, 1.0])
    field = Anomaly().settled(scores, truth)
    assert field.state["threshold"] == 3.0 and field.settle(scores).tolist()[:3] == pytest.approx([1 / 3, 2 / 3, 1.0])
    assert [one["anomaly"] for one in field.restore(field.settle(scores))] == [False, False, False, True]


# -- metrics -----------------------------------------------------------------------------------------------------------------
def test_metrics_are_those_of_scikit_learn_and_unknown_examples_count_nowhere():
    from sklearn import metrics

    truth = RNG.choice([0.0, 1.0, np.nan], 300, p=[0.6, 0.2, 0.2])
    scores = RNG.gamma(2, 0.4, 300) + 0.6 * (truth == 1)
    known = np.isfinite(truth)
    names = ("roc_auc", "pr_auc", "f1", "precision", "recall", "false_alarm_rate")
    found = judge(Anomaly(), names, [(scores, truth, np.arange(300))], replicates=20)
    y, s, a = truth[known], scores[known], scores[known] > 1
    expected = [
        metrics.roc_auc_score(y, s), metrics.average_precision_score(y, s), metrics.f1_score(y, a),
        metrics.precision_score(y, a), metrics.recall_score(y, a), float(a[y == 0].mean()),
    ]  # fmt: skip
    assert [found.metrics[name].value for name in names] == pytest.approx(expected)
    nothing = judge(Anomaly(), names, [(scores, np.full(300, np.nan), np.arange(300))], replicates=20)
    assert all(np.isnan(value.value) for value in nothing.metrics.values())


def test_the_evaluation_says_whether_the_promise_holds():
    field = Anomaly(state={"false_alarms": {"low": 0.02, "high": 0.08}})
    scores = np.concatenate([np.full(95, 0.5), np.full(5, 2.0)])
    for shift, held in ((0.0, True), (1.0, False)):
        found = judge(field, ("roc_auc",), [(scores + shift, np.zeros(100), np.arange(100))], replicates=0)
        assert found.details["alarms"]["held"] is held
    assert found.details["mistakes"][0]["target"] is False


# -- what is learned from ----------------------------------------------------------------------------------------------------
@pytest.fixture
def rows(tmp_path) -> Path:
    odd = RNG.random(240) < 0.2
    first = RNG.normal(size=240)
    second = first + np.where(odd, RNG.choice([-3.0, 3.0], 240), RNG.normal(0, 0.2, 240))
    told = [f"{a:.4f},{b:.4f},{'broken' if o else 'good'}" for a, b, o in zip(first, second, odd, strict=True)]
    (tmp_path / "rows.csv").write_text("\n".join(["a,b,label", *told]) + "\n", "utf-8")
    return tmp_path / "rows.csv"


def test_anomalies_only_judge(rows):
    recipe = Recipe("tabular-anomaly-detection")
    found = examined(recipe, rows)
    odd = found.task.target.values(found.columns["anomaly"]) == 1
    assert not odd[found.split.train].any() and not odd[found.split.valid].any()
    assert odd[found.split.test].sum() == odd.sum() > 0 and (~odd[found.split.test]).any()
    crossed = recipe.changed({"folds": 3})
    for one in folds(found.table, found.columns, found.task, crossed.data, seed=0):
        assert not odd[one.train].any() and odd[one.test].any()


def test_given_parts_keep_their_test_and_lose_what_may_not_be_learned(tmp_path):
    from PIL import Image

    for place, count in (("train/good", 12), ("train/hole", 2), ("test/good", 4), ("test/hole", 3), ("ground_truth/hole", 3)):
        (tmp_path / place).mkdir(parents=True)
        for number in range(count):
            pixels = RNG.integers(0, 255, (9, 9), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / place / f"{number}.png")
    found = examined(Recipe("image-anomaly-detection"), tmp_path)
    assert found.split.sizes()["test"] == 7 and found.split.sizes()["train"] + found.split.sizes()["valid"] == 12
    assert {"F-SPLIT-JUDGING", "F-FOLDER-OTHERS"} <= {problem.code for problem in found.problems}


def test_windows_that_hold_an_odd_step_are_anomalies(tmp_path):
    values, odd = np.sin(np.arange(400) / 3), np.zeros(400, int)
    odd[300:304] = 1
    lines = [f"{step},{v:.4f},{o}" for step, (v, o) in enumerate(zip(values, odd, strict=True))]
    (tmp_path / "series.csv").write_text("\n".join(["time,value,anomaly", *lines]) + "\n", "utf-8")
    recipe = Recipe("series-anomaly-detection", task_options=contract("series-anomaly-detection").options)
    found = examined(recipe.changed({"context": 10, "stride": 1}), tmp_path / "series.csv")
    starts = found.columns["series"][0].values.starts
    holds = (starts > 290) & (starts < 304)
    np.testing.assert_array_equal(found.task.target.values(found.columns["anomaly"]) == 1, holds)
    assert not holds[found.split.train].any() and not holds[found.split.valid].any()


# -- from the command line ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("model", ["memory-bank", "autoencoder"])
def test_a_run_promises_finds_and_explains(rows, model, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def said(*words) -> dict:
        assert main([*map(str, words), "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    settings = ["--set", "plan=default", "--epochs", "15"]
    told = said("train", "tabular-anomaly-detection", rows, "--out", "run", "--model", model, *settings)
    assert told["metrics"]["roc_auc"] > max(one["roc_auc"] for one in told["baselines"].values())
    promised = json.loads(Path("run/run.json").read_text("utf-8"))["fields"]["anomaly"]["state"]["false_alarms"]
    assert promised["asked"] == 0.05 and promised["low"] < promised["expected"] < promised["high"]
    (answer,) = said("predict", "run", '{"a": 1.0, "b": -2.0}')["predictions"]
    assert answer["anomaly"] is True and answer["anomaly_score"] > 1
    why = said("explain", "run", '{"a": 0.0, "b": 9.0}', "--method", "own-parts", "--out", "why")["explanations"][0]
    weights = {unit["name"]: unit["weight"] for unit in why["units"]}
    assert weights["b"] > weights["a"] >= 0
    assert json.loads(Path("run/proofs/evaluation.json").read_text("utf-8"))["alarms"]["seen"]["normal"] > 20


def test_a_table_without_labels_is_learned_from(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("rows.csv").write_text("a,b\n" + "".join(f"{a:.3f},{a:.3f}\n" for a in RNG.normal(size=80)), "utf-8")
    assert main(["train", "tabular-anomaly-detection", "rows.csv", "--out", "run", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["metrics"]["roc_auc"] is None

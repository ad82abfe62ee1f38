"""Judging in one pass: what an evaluation tells for each kind of target."""

import json

import numpy as np
import pyarrow as pa
import pytest

from fukami.core.errors import RunError, UsageError
from fukami.core.tables import Column
from fukami.evaluate.groups import grouping
from fukami.evaluate.judge import judge
from fukami.evaluate.significance import differences
from fukami.evaluate.verdict import verdict
from fukami.fields.row.columns.personal import hashed
from tests.small_targets import small_target


def classes(num_classes=3, size=600, seed=0, skill=1.5):
    rng = np.random.default_rng(seed)
    targets = rng.integers(0, num_classes, size)
    logits = rng.normal(size=(size, num_classes)) + skill * np.eye(num_classes)[targets]
    return np.exp(logits) / np.exp(logits).sum(1, keepdims=True), targets


def stream(scores, targets, size=50, order=None):
    rows = np.arange(len(targets)) if order is None else order
    for start in range(0, len(rows), size):
        part = rows[start : start + size]
        yield scores[part], targets[part], part


CATEGORY = small_target("category", "abc")
METRICS = ["accuracy", "f1_macro", "roc_auc", "log_loss", "calibration_error"]


def test_an_evaluation_is_json_and_does_not_depend_on_batches_or_order():
    scores, targets = classes(size=9000)
    groups = {"side": Column("side", pa.array(["left", "right", None] * 3000))}
    one = judge(CATEGORY, METRICS, stream(scores, targets, 9000), groups=groups)
    order = np.random.default_rng(0).permutation(9000)
    other = judge(CATEGORY, METRICS, stream(scores, targets, 77, order), groups=groups)
    told = json.loads(json.dumps(one.as_dict(), allow_nan=False))
    assert told["examples"] == 9000 and list(told["metrics"]) == METRICS
    for metric in told["metrics"].values():
        assert metric["low"] < metric["value"] < metric["high"]
    for name in METRICS:
        np.testing.assert_allclose(one.replicates[name], other.replicates[name], rtol=1e-9)
    assert one.drawn == other.drawn
    assert one.as_dict()["mistakes"] == other.as_dict()["mistakes"]
    assert one.as_dict()["confusion"] == other.as_dict()["confusion"]


def test_details_of_classes():
    scores, targets = classes()
    told = judge(CATEGORY, ["accuracy"], stream(scores, targets), keep_mistakes=5).as_dict()
    answers = scores.argmax(1)
    counts = np.array(told["confusion"]["counts"])
    np.testing.assert_array_equal(counts, [[((targets == i) & (answers == j)).sum() for j in range(3)] for i in range(3)])
    assert told["confusion"]["left_out"] == 0
    b = told["per_class"][1]
    assert b["label"] == "b" and b["support"] == (targets == 1).sum()
    assert b["recall"] == pytest.approx(counts[1, 1] / counts[1].sum())
    assert b["precision"] == pytest.approx(counts[1, 1] / counts[:, 1].sum())
    assert sum(row["count"] for row in told["calibration"]["bins"]) == 600
    wrong = np.where(answers != targets, scores.max(1), 0)
    assert [m["row"] for m in told["mistakes"]] == np.argsort(-wrong)[:5].tolist()
    first = told["mistakes"][0]
    assert (first["target"], first["answer"]) == ("abc"[targets[first["row"]]], "abc"[answers[first["row"]]])
    assert set(told["curves"]["classes"]) == set("abc")


def test_curves_of_two_classes_hold_the_area():
    scores, targets = classes(2, 5000)
    found = judge(small_target("category", "ab"), ["roc_auc", "pr_auc"], stream(scores, targets))
    curves = found.as_dict()["curves"]
    for name, metric in (("roc", "roc_auc"), ("pr", "pr_auc")):
        x, y = np.array(curves[name]).T
        assert len(x) <= 100 and (np.diff(x) >= 0).all()
        assert np.trapezoid(y, x) == pytest.approx(found.metrics[metric].value, abs=0.01)
    assert curves["roc"][0] == [0, 0] and curves["roc"][-1] == [1, 1]


def test_many_classes_show_those_most_confused():
    size, targets = 40, np.repeat(np.arange(40), 5)
    answers = np.where(targets == 39, 7, targets)
    told = judge(small_target("category", size), ["accuracy"], stream(np.eye(size)[answers], targets)).as_dict()
    assert len(told["confusion"]["labels"]) == 30 and told["confusion"]["left_out"] == 10
    assert {"7", "39"} <= set(told["confusion"]["labels"])
    assert told["confusion"]["pairs"] == [{"target": "39", "answer": "7", "count": 5}]
    assert told["curves"] == {}


def test_a_confusion_of_very_many_classes_equals_the_small_one(monkeypatch):
    from fukami.evaluate.details import confusion

    scores, targets = classes()
    dense = judge(CATEGORY, ["accuracy"], stream(scores, targets)).as_dict()["confusion"]
    monkeypatch.setattr(confusion, "_DENSE", 2)
    assert judge(CATEGORY, ["accuracy"], stream(scores, targets)).as_dict()["confusion"] == dense


def test_details_of_labels():
    targets = np.array([[1, 0], [0, 0], [1, 1], [0, 1]], dtype=np.float32)
    scores = np.array([[0.9, 0.2], [0.1, 0.95], [0.6, 0.3], [0.2, 0.8]])
    told = judge(small_target("categories", "xy"), ["f1_micro", "accuracy"], stream(scores, targets, 3)).as_dict()
    assert told["metrics"]["accuracy"]["value"] == 0.5
    assert told["mistakes"][0] == {"row": 1, "target": [], "answer": ["y"], "score": 0.95}
    assert told["mistakes"][1]["row"] == 2 and told["mistakes"][1]["score"] == pytest.approx(0.7)
    assert [row["support"] for row in told["per_class"]] == [2, 2]


def test_details_of_numbers():
    rng = np.random.default_rng(0)
    targets = rng.normal(size=2000)
    answers = targets + rng.normal(size=2000)
    answers[123] += 100
    told = judge(small_target("number"), ["rmse", "r2"], stream(answers, targets), keep_mistakes=3).as_dict()
    assert told["mistakes"][0]["row"] == 123 and len(told["mistakes"]) == 3
    histogram = told["residuals"]["histogram"]
    assert sum(histogram["counts"]) == 2000 and len(histogram["edges"]) == len(histogram["counts"]) + 1
    assert len(told["residuals"]["points"]) == 500 and histogram["edges"][-1] < 20


@pytest.mark.parametrize(("kind", "labels", "outputs"), [("category", "ab", 2), ("number", "", 1), ("categories", "ab", 2)])
def test_no_example_and_one_example(kind, labels, outputs):
    target = small_target(kind, labels)
    names = {"category": ["accuracy", "roc_auc"], "categories": ["f1_micro", "roc_auc"], "number": ["rmse", "r2"]}[kind]
    empty = judge(target, names, iter(())).as_dict()
    assert empty["examples"] == 0 and all(m["value"] is None for m in empty["metrics"].values())
    scores = np.full((1, outputs), 0.5) if outputs > 1 else np.ones(1)
    truth = {"category": np.array([1]), "categories": np.ones((1, 2)), "number": np.zeros(1)}[kind]
    told = judge(target, names, [(scores, truth, np.array([7]))]).as_dict()
    json.dumps(told, allow_nan=False)
    assert told["examples"] == 1 and told["metrics"][names[0]]["value"] is not None


def test_metrics_by_group():
    scores, targets = classes()
    side = np.array(["left", "right"] * 300)
    found = judge(CATEGORY, ["accuracy"], stream(scores, targets, 64), groups={"side": Column("side", pa.array(side))})
    right = scores.argmax(1) == targets
    for group in found.as_dict()["groups"]["side"]:
        assert group["examples"] == 300
        assert group["metrics"]["accuracy"]["value"] == pytest.approx(right[side == group["value"]].mean())
        assert group["metrics"]["accuracy"]["low"] < group["metrics"]["accuracy"]["value"]


def test_groupings():
    assert grouping(Column("n", np.array([10, 2, 2, 10, 1]))).labels == ["1", "2", "10"]
    quarters = grouping(Column("n", pa.array([*map(float, range(100)), None])))
    assert len(quarters.labels) == 5 and np.bincount(quarters.codes).tolist() == [25, 25, 25, 25, 1]
    assert grouping(Column("n", pa.array([str(i) for i in range(100)]))).labels == quarters.labels
    words = grouping(Column("w", pa.array([f"w{i}" for i in range(40) for _ in range(40 - i)])))
    assert len(words.labels) == 21 and words.labels[-1] == "(other)" and (words.codes == 20).sum() == sum(range(1, 21))
    assert grouping(Column("b", pa.array([True, False, True]))).labels == ["False", "True"]
    assert grouping(Column("e", pa.array([], pa.string()))).labels == []


@pytest.mark.parametrize(("name", "cells"), [("担当者", ["佐藤", "鈴木", "佐藤"]), ("customer_id", [5, 7, 5])])
def test_groups_of_people_are_told_by_hashes(name, cells):
    found = grouping(Column(name, pa.array(cells)))
    assert found.labels == [hashed(str(cells[0])), hashed(str(cells[1]))] and found.codes.tolist() == [0, 1, 0]


def test_scores_that_are_no_numbers_and_metrics_that_do_not_apply():
    scores, targets = classes(size=10)
    scores[4, 1] = np.nan
    with pytest.raises(RunError) as bad:
        judge(CATEGORY, ["accuracy"], stream(scores, targets))
    assert bad.value.code == "F-EVAL-FINITE" and "5" in bad.value.where
    with pytest.raises(UsageError) as unfit:
        judge(CATEGORY, ["rmse"], iter(()))
    assert unfit.value.code == "F-METRIC-KIND" and "accuracy" in unfit.value.expected
    with pytest.raises(UsageError, match="f1_macro"):
        judge(CATEGORY, ["f1_marco"], iter(()))


def test_a_difference_is_real_only_where_chance_does_not_explain_it():
    scores, targets = classes(size=2000)
    better, _targets = classes(size=2000, skill=2.5)
    same = scores.copy()
    same[:3] = np.roll(scores[:3], 1, axis=1)
    one, two, three = (judge(CATEGORY, ["accuracy"], stream(s, targets)) for s in (scores, better, same))
    gain = differences(one, two)["accuracy"]
    assert gain.is_real and gain.low < gain.value < gain.high
    assert gain.value == pytest.approx(two.metrics["accuracy"].value - one.metrics["accuracy"].value)
    hardly = differences(one, three)["accuracy"]
    assert not hardly.is_real
    apart = one.metrics["accuracy"]
    assert hardly.high - hardly.low < 0.2 * (apart.high - apart.low)  # paired: what both get right cancels
    with pytest.raises(UsageError, match="same examples"):
        differences(one, judge(CATEGORY, ["accuracy"], stream(scores[:-1], targets[:-1])))


def test_the_verdict_names_every_baseline_that_is_not_beaten():
    scores, targets = classes()
    found = judge(CATEGORY, ["accuracy", "log_loss"], stream(scores, targets))
    own = found.metrics["accuracy"]
    beside = {"worse": 0.1, "close": (own.low + own.value) / 2, "better": 0.99, "unmeasured": None}
    said = verdict(found, {name: {"accuracy": value} for name, value in beside.items()}, "accuracy")
    assert len(said) == 2 and "close" in said[0] and "chance" in said[0] and "is not better than better" in said[1]
    assert verdict(found, {"majority": {"log_loss": 9.9}}, "log_loss") == []
    assert len(verdict(found, {"sure": {"log_loss": 0.1}}, "log_loss")) == 1

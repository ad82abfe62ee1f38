"""Baselines reach on real tables what they are known to reach, and answer in the form of a model's scores."""

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from sklearn import datasets

from fukami.core.cards import cards
from fukami.core.errors import UsageError
from fukami.core.tables import Column
from fukami.evaluate.baselines import Examples, fit_baselines, fitting, linear
from fukami.evaluate.judge import judge
from fukami.fields.categories.field import Categories
from fukami.fields.category.field import Category
from fukami.fields.number.field import Number
from fukami.fields.row.field import Row

NAMES = ("majority", "mean", "linear", "boosting")


def table(load):
    """Learned fields and raw columns of one of scikit-learn's tables, with rows to train on and rows to judge by."""
    found = load()
    columns = [Column(f"c{i}", pa.array(values)) for i, values in enumerate(found.data.T)]
    named = hasattr(found, "target_names")
    values = [str(found.target_names[i]) for i in found.target] if named else found.target
    answer = [Column("y", pa.array(values))]
    order = np.random.default_rng(0).permutation(len(found.target))
    train, test = order[: len(order) * 3 // 4], order[len(order) * 3 // 4 :]
    row = Row("row").learn([c.take(train) for c in columns])
    target = (Category if named else Number)("y").learn([c.take(train) for c in answer])
    return row, columns, target, answer, train, test


def judged(fitted, columns, target, answer, rows, metrics) -> dict[str, float]:
    truth = target.truth(target.batch(target.encode([c.take(rows) for c in answer]), np.arange(len(rows)))).numpy()
    scores = fitted.answers({"row": [c.take(rows) for c in columns]})
    found = judge(target, metrics, [(scores, truth, rows)], replicates=0)
    return {name: value.value for name, value in found.metrics.items()}


def test_classes_of_a_table():
    row, columns, target, answer, train, test = table(datasets.load_breast_cancer)
    fitted = fit_baselines(NAMES, {"row": row}, {"row": columns}, target, answer, train)
    assert [one.name for one in fitted] == ["majority", "linear", "boosting"]  # a mean is no class
    found = [judged(one, columns, target, answer, test, ["accuracy", "roc_auc", "log_loss"]) for one in fitted]
    majority, *others = found
    assert 0.55 < majority["accuracy"] < 0.75 and majority["roc_auc"] == 0.5
    for other in others:
        assert other["accuracy"] > 0.93 and other["roc_auc"] > 0.97 and other["log_loss"] < majority["log_loss"] / 2


def test_no_more_targets_are_held_than_bytes_allow(monkeypatch):
    """Masks and pictures are thousands of times larger than class numbers, so their count alone bounds nothing."""
    row, columns, target, answer, train, _test = table(datasets.load_wine)
    given = (("majority",), {"row": row}, {"row": columns}, target, answer, train)
    (whole,) = fit_baselines(*given)
    each = target.truth(target.batch(target.encode([c.take(train[:1]) for c in answer]), np.arange(1))).numpy().nbytes
    monkeypatch.setattr(fitting, "MAX_BYTES", 40 * each)
    (fewer,) = fit_baselines(*given)
    assert (whole.examples, fewer.examples) == (len(train), 40)


def test_of_more_classes_than_memory_allows_the_rarest_get_their_frequency(monkeypatch):
    row, columns, target, answer, train, test = table(datasets.load_wine)
    given = (("linear",), {"row": row}, {"row": columns}, target, answer, train)
    (whole,) = fit_baselines(*given)
    monkeypatch.setattr(linear, "_MOST_WEIGHTS", 30)  # thirteen columns: two classes of three
    (fewer,) = fit_baselines(*given)
    scores_BK, all_BK = (one.answers({"row": [c.take(test) for c in columns]}) for one in (fewer, whole))
    assert np.allclose(scores_BK.sum(1), 1) and np.allclose(all_BK.sum(1), 1)
    constant = [k for k in range(3) if np.ptp(scores_BK[:, k]) == 0]
    frequencies_K = np.bincount(target.encode([c.take(train) for c in answer])["index"], minlength=3) / len(train)
    assert constant == [int(frequencies_K.argmin())]
    assert scores_BK[0, constant[0]] == pytest.approx(frequencies_K.min())


def test_numbers_of_a_table():
    row, columns, target, answer, train, test = table(datasets.load_diabetes)
    fitted = fit_baselines(NAMES, {"row": row}, {"row": columns}, target, answer, train)
    assert [one.name for one in fitted] == ["mean", "linear", "boosting"]
    found = [judged(one, columns, target, answer, test, ["r2", "rmse"]) for one in fitted]
    assert found[0]["r2"] == pytest.approx(0, abs=0.05)
    assert found[1]["r2"] > 0.35 and found[2]["r2"] > 0.25 and 40 < found[1]["rmse"] < 65  # in the target's own unit


@dataclass
class Plain:
    """An input whose features are its cells; `sparse` ones in a sparse matrix."""

    sparse: bool = False

    def plain_features(self, columns: list[Column]) -> Any:
        from scipy import sparse

        return sparse.csr_matrix(columns[0].values) if self.sparse else columns[0].values


def classes(count: int) -> Category:
    return Category(state={"classes": [str(k) for k in range(count)]})


def examples(targets, target, *, sparse=False, size=400):
    features = np.random.default_rng(0).normal(size=(size, 6))
    targets = targets(features)
    return Examples({"x": Plain(sparse)}, {"x": [Column("x", features)]}, target, targets)  # type: ignore[dict-item]


@pytest.mark.parametrize("sparse", [False, True])
def test_a_class_that_training_lacks_gets_no_probability(sparse):
    given = examples(lambda x: np.where(x[:, 0] > 0, 2, 0), classes(4), sparse=sparse)
    scores = linear.fit(given)(given.columns)
    assert scores.shape == (400, 4) and scores[:, [1, 3]].max() == 0
    np.testing.assert_allclose(scores.sum(1), 1)
    assert (scores.argmax(1) == given.targets).mean() > 0.95


def test_one_class_only_is_answered_with_certainty():
    given = examples(lambda x: np.ones(len(x), dtype=np.int64), classes(3))
    np.testing.assert_array_equal(linear.fit(given)(given.columns), np.tile([0.0, 1.0, 0.0], (400, 1)))


def test_labels_each_have_a_model_and_constant_ones_their_frequency():
    given = examples(lambda x: np.stack([x[:, 0] > 0, x[:, 1] > 1, x[:, 0] > 99], 1).astype(np.float32), Categories())
    scores = linear.fit(given)(given.columns)
    assert ((scores >= 0.5) == given.targets).mean(0).min() > 0.95 and scores[:, 2].max() == 0


def test_a_target_that_never_varies_and_inputs_with_a_constant():
    given = examples(lambda x: np.full(len(x), 7.0), Number())
    given.columns["x"][0].values[:, 3] = 1e9
    np.testing.assert_allclose(linear.fit(given)(given.columns), 7.0)


def test_baselines_take_a_sample_of_many_examples(monkeypatch):
    given = examples(lambda x: (x[:, 0] > 0).astype(np.int64), classes(2))
    few = given.sample(50)
    assert len(few) == 50 and len(few.columns["x"][0]) == 50 and len(given.sample(5000)) == 400
    np.testing.assert_array_equal(few.targets, (few.columns["x"][0].values[:, 0] > 0).astype(int))
    np.testing.assert_array_equal(given.sample(50).targets, few.targets)


def test_unknown_names_are_answered_with_the_nearest():
    target = SimpleNamespace(kind="category")
    with pytest.raises(UsageError, match="majority") as wrong:
        fit_baselines(["majorty"], {}, {}, target, [], np.arange(3))  # type: ignore[arg-type]
    assert wrong.value.code == "F-BASELINE-NAME"


@pytest.mark.parametrize("name", cards("evaluate/baselines"))
def test_every_baseline_is_named_after_its_file(name):
    from fukami.core.cards import load

    assert load("evaluate/baselines", name).__name__.endswith(f".{name.replace('-', '_')}")

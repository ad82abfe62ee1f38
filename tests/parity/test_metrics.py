"""Every metric against scikit-learn's, on random scores with ties, rare classes and weights. N examples, K classes."""

import warnings

import numpy as np
import pytest
from sklearn import metrics as sk

from fukami.fields.scored import Scored
from fukami.metrics.contract import Running
from tests.small_targets import small_target

MULTI = {
    "accuracy": lambda y, p, w: sk.accuracy_score(y, p.argmax(1), sample_weight=w),
    "balanced_accuracy": lambda y, p, w: sk.balanced_accuracy_score(y, p.argmax(1), sample_weight=w),
    "precision_macro": lambda y, p, w: sk.precision_score(y, p.argmax(1), average="macro", sample_weight=w, zero_division=0),
    "recall_macro": lambda y, p, w: sk.recall_score(y, p.argmax(1), average="macro", sample_weight=w, zero_division=0),
    "f1_macro": lambda y, p, w: sk.f1_score(y, p.argmax(1), average="macro", sample_weight=w, zero_division=0),
    "matthews_corrcoef": lambda y, p, w: sk.matthews_corrcoef(y, p.argmax(1), sample_weight=w),
    "log_loss": lambda y, p, w: sk.log_loss(y, p, sample_weight=w, labels=range(p.shape[1])),
    "brier": lambda y, p, w: sk.brier_score_loss(
        y, p if p.shape[1] > 2 else p[:, 1], sample_weight=w, labels=range(p.shape[1])
    ),
    "top5_accuracy": lambda y, p, w: sk.top_k_accuracy_score(y, p, k=5, sample_weight=w, labels=range(p.shape[1])),
}
RANKED = {
    "roc_auc": lambda y, p, w: (
        sk.roc_auc_score(y, p[:, 1], sample_weight=w)
        if p.shape[1] == 2
        else sk.roc_auc_score(y, p, multi_class="ovr", sample_weight=w)
    ),
    "pr_auc": lambda y, p, w: (
        sk.average_precision_score(y, p[:, 1], sample_weight=w)
        if p.shape[1] == 2
        else sk.average_precision_score(np.eye(p.shape[1])[y], p, sample_weight=w)
    ),
}
LABELS = {
    "accuracy": lambda y, p, w: sk.accuracy_score(y, p >= 0.5, sample_weight=w),
    "precision_macro": lambda y, p, w: sk.precision_score(y, p >= 0.5, average="macro", sample_weight=w, zero_division=0),
    "recall_macro": lambda y, p, w: sk.recall_score(y, p >= 0.5, average="macro", sample_weight=w, zero_division=0),
    "f1_macro": lambda y, p, w: sk.f1_score(y, p >= 0.5, average="macro", sample_weight=w, zero_division=0),
    "f1_micro": lambda y, p, w: sk.f1_score(y, p >= 0.5, average="micro", sample_weight=w),
    "hamming_loss": lambda y, p, w: sk.hamming_loss(y, p >= 0.5, sample_weight=w),
    "roc_auc": lambda y, p, w: sk.roc_auc_score(y, p, average="macro", sample_weight=w),
    "pr_auc": lambda y, p, w: sk.average_precision_score(y, p, average="macro", sample_weight=w),
    "log_loss": lambda y, p, w: np.mean(
        [sk.log_loss(y[:, k], p[:, k], sample_weight=w, labels=[0, 1]) for k in range(y.shape[1])]
    ),
}
NUMBERS = {
    "mse": lambda y, p, w: sk.mean_squared_error(y, p, sample_weight=w),
    "rmse": lambda y, p, w: sk.root_mean_squared_error(y, p, sample_weight=w),
    "mae": lambda y, p, w: sk.mean_absolute_error(y, p, sample_weight=w),
    "r2": lambda y, p, w: sk.r2_score(y, p, sample_weight=w),
}


def classes(seed: int, num_classes: int, *, size: int = 300, ties: bool = False, only: int = 0):
    """Probabilities that say something about the targets; with `only`, targets are of the first so many classes."""
    rng = np.random.default_rng(seed)
    targets = rng.integers(0, only or num_classes, size)
    logits = rng.normal(size=(size, num_classes)) + 1.5 * np.eye(num_classes)[targets]
    if ties:
        logits = np.round(logits)
    scores = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    return scores, targets, rng.uniform(0.1, 3.0, size)


def labels(seed: int, *, size: int = 300, ties: bool = False):
    rng = np.random.default_rng(seed)
    targets = (rng.random((size, 5)) < [0.5, 0.1, 0.3, 0.7, 0.02]).astype(np.float32)
    targets[:5] = np.eye(5)  # every label occurs
    scores = 1 / (1 + np.exp(-rng.normal(size=(size, 5)) - 2 * targets + 1))
    scores[:5] = np.maximum(scores[:5], 0.6)  # and is an answer
    return (np.round(scores, 1) if ties else scores), targets, rng.uniform(0.1, 3.0, size)


def compare(references, scores, targets, weights, *, target: Scored) -> None:
    for given in (None, weights):
        running = Running(references, target)
        running.update(scores, targets, given)
        for name, value in running.compute().items():
            assert value == pytest.approx(references[name](targets, scores, given), rel=1e-9, abs=1e-12), name


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("num_classes", [2, 3, 8])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_one_class_of_several(seed, num_classes, ties):
    scores, targets, weights = classes(seed, num_classes, ties=ties)
    references = MULTI | RANKED
    if num_classes < 6:
        references.pop("top5_accuracy", None)
    compare(references, scores, targets, weights, target=small_target("category", num_classes))


@pytest.mark.parametrize("seed", [0, 1])
def test_classes_that_are_never_a_target(seed):
    scores, targets, weights = classes(seed, 8, only=5)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # scikit-learn remarks on predicted classes that are no target
        compare(MULTI, scores, targets, weights, target=small_target("category", 8))


def test_float32_scores_are_judged_as_scikit_learn_judges_them():
    scores, targets, weights = classes(0, 4)
    sure = np.eye(4, dtype=np.float32)[scores.argmax(1)]  # probabilities 0 and 1 are kept off by what float32 resolves
    running = Running(["log_loss"], small_target("category", 4))
    running.update(sure, targets, weights)
    expected = sk.log_loss(targets, sure, sample_weight=weights, labels=range(4))  # which takes logarithms in float32
    assert running.compute()["log_loss"] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_several_labels_at_once(seed, ties):
    compare(LABELS, *labels(seed, ties=ties), target=small_target("categories", 5))


@pytest.mark.parametrize("offset", [0.0, 1e7])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_numbers(seed, offset):
    rng = np.random.default_rng(seed)
    targets = offset + rng.normal(size=200) * 3
    compare(NUMBERS, targets + rng.normal(size=200), targets, rng.uniform(0.1, 3.0, 200), target=small_target("number"))


@pytest.mark.parametrize("answers", [5.0, 4.0])
def test_r2_of_constant_targets(answers):
    compare({"r2": NUMBERS["r2"]}, np.full(10, answers), np.full(10, 5.0), np.ones(10), target=small_target("number"))


def test_calibration_error_by_its_definition():
    scores, targets, _weights = classes(3, 4, size=500)
    confidence, right = scores.max(1), scores.argmax(1) == targets
    expected = 0.0
    for low in np.arange(15) / 15:
        member = (confidence > low) & (confidence <= low + 1 / 15)
        if member.any():
            expected += member.mean() * abs(right[member].mean() - confidence[member].mean())
    running = Running(["calibration_error"], small_target("category", 4))
    running.update(scores, targets)
    assert running.compute()["calibration_error"] == pytest.approx(expected, rel=1e-9)


def test_a_million_examples_stay_close_to_scikit_learn_in_bounded_memory():
    from fukami.metrics.roc_auc import State as Ranking
    from fukami.metrics.states.ranking import roc_error_bound

    rng = np.random.default_rng(0)
    targets = rng.integers(0, 2, 1_000_000)
    positive = (1 / (1 + np.exp(-rng.normal(size=targets.size) * 2 - targets))).astype(np.float32)
    running = Running(["roc_auc", "pr_auc"], small_target())
    for start in range(0, targets.size, 50_000):
        part = slice(start, start + 50_000)
        running.update(np.stack([1 - positive[part], positive[part]], axis=1), targets[part])
    state = running.state(Ranking)
    held = sum(scores.nbytes + hits.nbytes + weights.nbytes for scores, hits, weights in state.kept)
    assert not state.exact and held + state.fine_C2G.nbytes + state.coarse_RC2G.nbytes < 4_000_000
    found = running.compute()
    apart = abs(found["roc_auc"] - sk.roc_auc_score(targets, positive))
    assert apart <= roc_error_bound(state) < 1e-4
    assert found["pr_auc"] == pytest.approx(sk.average_precision_score(targets, positive), abs=1e-4)


def test_binned_areas_of_few_bins_stay_within_their_bound():
    from fukami.metrics.states.ranking import Ranking, roc_area, roc_error_bound

    scores, targets, _weights = classes(0, 3, size=4000)
    state = Ranking(small_target("category", 3), room=1e-4)
    state.update(scores, targets, np.ones((1, 4000)))
    exact = sk.roc_auc_score(targets, scores, multi_class="ovr")
    bound = roc_error_bound(state)
    assert not state.exact and 1e-4 < bound < 0.05
    assert abs(state.macro(roc_area)[0] - exact) <= bound


def test_top_five_of_five_classes_says_nothing():
    scores, targets, _weights = classes(0, 5)
    running = Running(["top5_accuracy"], small_target("category", 5))
    running.update(scores, targets)
    assert np.isnan(running.compute()["top5_accuracy"])

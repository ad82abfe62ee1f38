"""Laws for every metric, because its file is there."""

import numpy as np
import pytest

from fukami.core.cards import cards, load
from fukami.metrics import bootstrap
from fukami.metrics.contract import Running
from tests.small_targets import small_target

CARDS = cards("metrics")
PAIRS = [(name, kind) for name, known in CARDS.items() for kind in known.of]
REPLICATES = 12


def examples(kind: str, size: int = 240, seed: int = 0, num_outputs: int = 6):
    """Scores, truth and the target for a kind of target."""
    rng = np.random.default_rng(seed)
    if kind == "number":
        targets = rng.normal(size=size)
        return targets + rng.normal(size=size), targets, small_target("number")
    if kind == "categories":
        targets = (rng.random((size, num_outputs)) < 0.4).astype(np.float32)
        return rng.random((size, num_outputs)), targets, small_target("categories", num_outputs)
    scores = rng.dirichlet(np.ones(num_outputs), size)
    return scores, rng.integers(0, num_outputs, size), small_target("category", num_outputs)


def perfect(kind: str, targets: np.ndarray, num_outputs: int) -> np.ndarray:
    return np.eye(num_outputs)[targets] if kind == "category" else np.asarray(targets, dtype=np.float64)


def values(name, target, *parts, room=1.0, merged=False):
    """Values and replicates after the parts, either one after the other or each by itself and then merged."""

    def new():
        return Running([name], target, replicates=REPLICATES, room=room)

    total, row = new(), 0
    for scores, targets in parts:
        one = new() if merged else total
        weights = bootstrap.weights(0, np.arange(row, row + len(targets)), REPLICATES)
        one.update(scores, targets, weights)
        row += len(targets)
        if merged:
            total.merge(one)
    return total.values()[name]


def split(scores, targets, *places):
    return list(zip(np.split(scores, places), np.split(targets, places), strict=True))


@pytest.mark.parametrize("room", [1.0, 2e-4], ids=["kept", "binned"])
@pytest.mark.parametrize("merged", [False, True], ids=["accumulated", "merged"])
@pytest.mark.parametrize(("name", "kind"), PAIRS)
def test_parts_together_are_the_whole(name, kind, merged, room):
    scores, targets, target = examples(kind)
    whole = values(name, target, (scores, targets), room=room)
    parts = values(name, target, *split(scores, targets, 1, 40, 40, 200), room=room, merged=merged)
    np.testing.assert_allclose(parts, whole, rtol=1e-9, atol=1e-12)
    assert np.isfinite(whole).all() and np.ptp(whole) > 0


@pytest.mark.parametrize(("name", "kind"), PAIRS)
def test_the_order_of_examples_does_not_matter(name, kind):
    scores, targets, target = examples(kind)
    order = np.random.default_rng(1).permutation(len(targets))
    plain, shuffled = Running([name], target), Running([name], target)
    plain.update(scores, targets)
    shuffled.update(scores[order], targets[order])
    assert shuffled.compute()[name] == pytest.approx(plain.compute()[name], rel=1e-9)


@pytest.mark.parametrize(("name", "kind"), PAIRS)
def test_a_whole_weight_is_a_repeated_example(name, kind):
    scores, targets, target = examples(kind)
    times = np.random.default_rng(2).integers(0, 4, len(targets))
    weighted, repeated = Running([name], target), Running([name], target)
    weighted.update(scores, targets, times)
    repeated.update(np.repeat(scores, times, axis=0), np.repeat(targets, times, axis=0))
    assert weighted.compute()[name] == pytest.approx(repeated.compute()[name], rel=1e-9)


@pytest.mark.parametrize(("name", "kind"), PAIRS)
def test_a_perfect_answer_is_best_and_the_range_is_kept(name, kind):
    _scores, targets, target = examples(kind)
    known, sign = CARDS[name], 1 if CARDS[name].higher_is_better else -1
    best = Running([name], target)
    best.update(perfect(kind, targets, target.num_outputs), targets)
    best = best.compute()[name]
    assert best == pytest.approx(known.high if known.higher_is_better else known.low, abs=1e-9)
    for seed in range(3):
        scores = examples(kind, seed=seed + 10)[0]
        other = Running([name], target)
        other.update(scores, targets)
        value = other.compute()[name]
        assert sign * value < sign * best
        assert known.low is None or value >= known.low
        assert known.high is None or value <= known.high


@pytest.mark.parametrize("replicates", [0, REPLICATES])
@pytest.mark.parametrize(("name", "kind"), PAIRS)
def test_no_example_has_no_value(name, kind, replicates):
    scores, targets, target = examples(kind)
    for shown in (False, True):
        running = Running([name], target, replicates=replicates)
        if shown:
            running.update(scores[:0], targets[:0], np.ones((1 + replicates, 0)))
        assert running.values()[name].shape == (1 + replicates,)
        assert np.isnan(running.values()[name]).all()


@pytest.mark.parametrize("case", ["single", "equal scores", "one class"])
@pytest.mark.parametrize(("name", "kind"), PAIRS)
def test_odd_sets_give_a_value_in_range_or_none(name, kind, case):
    scores, targets, target = examples(kind)
    if case == "single":
        scores, targets = scores[:1], targets[:1]
    elif case == "equal scores":
        scores = np.full_like(scores, 1 / target.num_outputs)
    else:
        targets = np.zeros_like(targets)
    found = values(name, target, (scores, targets))
    known = CARDS[name]
    assert found.shape == (1 + REPLICATES,)
    low, high = known.low if known.low is not None else -np.inf, known.high if known.high is not None else np.inf
    assert np.all(np.isnan(found) | ((found >= low - 1e-12) & (found <= high + 1e-12)))


@pytest.mark.parametrize(("name", "kind"), PAIRS)
def test_scores_of_either_width_and_read_only_arrays_are_accepted(name, kind):
    scores, targets, target = examples(kind)
    kept = scores.astype(np.float32)
    before = kept.copy()
    kept.flags.writeable = targets.flags.writeable = False
    running = Running([name], target)
    running.update(kept, targets)
    wide = Running([name], target)
    wide.update(scores, targets)
    assert running.compute()[name] == pytest.approx(wide.compute()[name], rel=1e-4)
    np.testing.assert_array_equal(kept, before)


@pytest.mark.parametrize("name", CARDS)
def test_the_file_is_named_after_its_metric(name):
    assert load("metrics", name).__name__ == f"fukami.metrics.{name}"
    assert set(CARDS[name].of) <= {"category", "categories", "number"}

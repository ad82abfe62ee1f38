"""Laws for every metric, because its file is there."""

from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch

from fukami.core.cards import card, cards, load
from fukami.fields import batch as trees
from fukami.fields.contract import TargetField
from fukami.fields.registry import field_class
from fukami.fields.scored import Scored
from fukami.metrics import bootstrap
from fukami.metrics.contract import Running

CARDS = cards("metrics")
PAIRS = [(name, kind) for name, known in CARDS.items() for kind in known.of]
REPLICATES = 12


@cache
def learned(kind: str, size: int = 240, num_classes: int = 6) -> tuple[TargetField, Any]:
    """A target of the kind that has learned, and the truth of its specimens."""
    rng = np.random.default_rng(0)
    cells = field_class(kind).specimens(rng.integers(0, num_classes, size), rng)
    field = field_class(kind)(name="x").learn(cells)  # type: ignore[call-arg]
    assert isinstance(field, TargetField)
    return field, field.truth(field.batch(field.encode(cells), np.arange(size)))


def examples(kind: str, seed: int = 0):
    """Answers of a network that knows nothing, truth and the target for a kind of target."""
    field, truth = learned(kind)
    noise = torch.Generator().manual_seed(seed)
    if isinstance(field, Scored):
        answers = field.answers(torch.randn(len(truth), 1, field.num_outputs, generator=noise))
    else:  # what would be right for other examples, of which some are missing: where answers are judged as a whole, that counts
        other = torch.randperm(trees.size(truth), generator=noise).numpy()
        other[: len(other) // 8] = other[-1]
        answers = trees.taken(field.ideal(truth), other)
        answers = trees.mapped(answers, lambda leaf: noisy(leaf, noise))
    return wide(answers), trees.arrays(truth), field


def noisy(leaf: torch.Tensor, noise: torch.Generator) -> torch.Tensor:
    """What is the same of all examples as they are right (no surprise, say), drawn."""
    if leaf.dtype == torch.bool and leaf.all():
        return torch.rand(leaf.shape, generator=noise) < 0.5
    drawn = leaf.dtype.is_floating_point and len(leaf) and not leaf.any()
    return torch.rand(leaf.shape, generator=noise, dtype=leaf.dtype) if drawn else leaf


def perfect(kind: str):
    field, truth = learned(kind)
    return wide(field.ideal(truth))


def wide(answers, dtype=np.float64):
    """Arrays, those of floating-point numbers in that format."""
    return trees.mapped(trees.arrays(answers), lambda leaf: leaf.astype(dtype) if leaf.dtype.kind == "f" else leaf)


def values(name, target, *parts, room=1.0, merged=False):
    """Values and replicates after the parts, either one after the other or each by itself and then merged."""

    def new():
        return Running([name], target, replicates=REPLICATES, room=room)

    total, row = new(), 0
    for scores, targets in parts:
        one = new() if merged else total
        weights = bootstrap.weights(0, np.arange(row, row + trees.size(targets)), REPLICATES)
        one.update(scores, targets, weights)
        row += trees.size(targets)
        if merged:
            total.merge(one)
    return total.values()[name]


def split(scores, targets, *places):
    spans = pairwise([0, *places, trees.size(targets)])
    return [(trees.part(scores, start, stop), trees.part(targets, start, stop)) for start, stop in spans]


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
    order = np.random.default_rng(1).permutation(trees.size(targets))
    plain, shuffled = Running([name], target), Running([name], target)
    plain.update(scores, targets)
    shuffled.update(trees.taken(scores, order), trees.taken(targets, order))
    assert shuffled.compute()[name] == pytest.approx(plain.compute()[name], rel=1e-9)


@pytest.mark.parametrize(("name", "kind"), PAIRS)
def test_a_whole_weight_is_a_repeated_example(name, kind):
    if reason := card("fields", kind).exempt.get("weights"):
        pytest.skip(reason)
    scores, targets, target = examples(kind)
    times = np.random.default_rng(2).integers(0, 4, trees.size(targets))
    weighted, repeated = Running([name], target), Running([name], target)
    weighted.update(scores, targets, times)
    rows = np.repeat(np.arange(len(times)), times)
    repeated.update(trees.taken(scores, rows), trees.taken(targets, rows))
    assert weighted.compute()[name] == pytest.approx(repeated.compute()[name], rel=1e-9)


@pytest.mark.parametrize(("name", "kind"), PAIRS)
def test_a_perfect_answer_is_best_and_the_range_is_kept(name, kind):
    _scores, targets, target = examples(kind)
    known, sign = CARDS[name], 1 if CARDS[name].higher_is_better else -1
    if (known.high if known.higher_is_better else known.low) is None:
        pytest.skip("no value is the best that there can be")
    best = Running([name], target)
    best.update(perfect(kind), targets)
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
            running.update(trees.part(scores, 0, 0), trees.part(targets, 0, 0), np.ones((1 + replicates, 0)))
        assert running.values()[name].shape == (1 + replicates,)
        assert np.isnan(running.values()[name]).all()


@pytest.mark.parametrize("case", ["single", "equal scores", "one class"])
@pytest.mark.parametrize(("name", "kind"), PAIRS)
def test_odd_sets_give_a_value_in_range_or_none(name, kind, case):
    scores, targets, target = examples(kind)
    if case == "single":
        scores, targets = trees.part(scores, 0, 1), trees.part(targets, 0, 1)
    elif not isinstance(target, Scored):
        pytest.skip("its answers are no scores")
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
    kept = trees.mapped(wide(scores, np.float32), np.copy)
    before = trees.mapped(kept, np.copy)
    for leaf in (*trees.leaves(kept), *trees.leaves(targets)):
        leaf.flags.writeable = False
    narrow, usual = Running([name], target), Running([name], target)
    narrow.update(kept, targets)
    usual.update(scores, targets)
    assert narrow.compute()[name] == pytest.approx(usual.compute()[name], rel=1e-4)
    for leaf, other in zip(trees.leaves(kept), trees.leaves(before), strict=True):
        np.testing.assert_array_equal(leaf, other)


@pytest.mark.parametrize("name", CARDS)
def test_the_file_is_named_after_its_metric(name):
    assert load("metrics", name).__name__ == f"fukami.metrics.{name}"
    assert {one for one in CARDS[name].of if not issubclass(field_class(one), TargetField)} == set()

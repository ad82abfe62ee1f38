"""The Poisson bootstrap: its draws, and intervals that hold what they promise."""

import numpy as np
import pytest

from fukami.metrics import bootstrap
from fukami.metrics.contract import Running
from tests.small_targets import small_target


def test_draws_are_poisson_and_independent_of_batches():
    rows = np.arange(20_000)
    weights = bootstrap.weights(3, rows, 21)
    assert weights.shape == (22, 20_000) and (weights[0] == 1).all()
    assert weights[1:].mean() == pytest.approx(1, abs=0.01) and weights[1:].var() == pytest.approx(1, abs=0.02)
    assert (weights[1:] == 0).mean() == pytest.approx(np.exp(-1), abs=0.003)
    apart = np.corrcoef(weights[1:]) - np.eye(21)
    assert np.abs(apart).max() < 0.05  # replicates do not resemble each other
    some = np.array([5, 17_000, 8])
    np.testing.assert_array_equal(bootstrap.weights(3, some, 21), weights[:, some])
    assert not np.array_equal(bootstrap.weights(4, some, 21), weights[:, some])


@pytest.mark.parametrize("accuracy", [0.7, 0.95])
def test_width_is_that_of_the_binomial(accuracy):
    size = 2000
    right = np.arange(size) < accuracy * size
    running = Running(["accuracy"], small_target(), replicates=200)
    running.update(np.eye(2)[right.astype(int)], np.ones(size, dtype=int), bootstrap.weights(0, np.arange(size), 200))
    low, high = bootstrap.interval(running.values()["accuracy"], low=0, high=1)
    assert low < accuracy < high
    expected = 2 * 1.96 * np.sqrt(accuracy * (1 - accuracy) / size)
    assert high - low == pytest.approx(expected, rel=0.2)


def test_ninety_five_of_a_hundred_intervals_hold_the_truth():
    rng, held, size = np.random.default_rng(0), 0, 300
    for trial in range(200):
        running = Running(["accuracy"], small_target(), replicates=120)
        right = (rng.random(size) < 0.8).astype(int)
        running.update(np.eye(2)[right], np.ones(size, dtype=int), bootstrap.weights(trial, np.arange(size), 120))
        low, high = bootstrap.interval(running.values()["accuracy"], low=0, high=1)
        held += low <= 0.8 <= high
    assert 180 <= held <= 198


def test_binned_replicates_vary_as_exact_ones_do():
    rng = np.random.default_rng(0)
    targets = rng.integers(0, 2, 3000)
    positive = 1 / (1 + np.exp(-rng.normal(size=3000) - targets))
    scores, weights = np.stack([1 - positive, positive], axis=1), bootstrap.weights(0, np.arange(3000), 150)
    widths = []
    for room in (1.0, 0.01):
        running = Running(["roc_auc"], small_target(), replicates=150, room=room)
        running.update(scores, targets, weights)
        low, high = bootstrap.interval(running.values()["roc_auc"], low=0, high=1)
        widths.append(high - low)
    assert widths[1] == pytest.approx(widths[0], rel=0.1)


def test_the_value_lies_in_its_interval_even_where_every_replicate_is_larger():
    values = np.concatenate([[0.1], 0.2 + 0.01 * np.random.default_rng(0).normal(size=200)])
    low, high = bootstrap.interval(values, low=0, high=1)
    assert low < 0.1 < high and high - low == pytest.approx(0.04, rel=0.2)


def test_limits_of_the_range_and_too_few_replicates():
    assert bootstrap.interval(np.zeros(201), low=0, high=1, num_examples=100)[1] == pytest.approx(0.036, abs=1e-3)
    low, high = bootstrap.interval(np.concatenate([[0.99], np.linspace(0.9, 1.2, 200)]), low=0, high=1)
    assert high == 1.0 and low < 0.99
    assert np.isnan(bootstrap.interval(np.array([0.5]))).all()
    assert np.isnan(bootstrap.interval(np.full(201, np.nan))).all()

"""The data's position is a function of seed, epoch and step."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fukami.data.batches import Order


@given(st.integers(1, 300), st.integers(1, 64), st.integers(0, 2**31))
def test_an_epoch_sees_each_example_at_most_once_and_nearly_all(total, size, seed):
    order = Order(np.arange(total) + 7, size, seed=seed)
    seen = np.concatenate([order.rows_of(0, i) for i in range(order.steps_per_epoch)])
    assert len(set(seen.tolist())) == len(seen) > total - order.batch_size
    assert set(seen.tolist()) <= set(range(7, total + 7))


def test_a_fresh_order_asked_for_a_late_step_agrees_with_one_that_walked_there():
    first, second = Order(np.arange(100), 8, seed=3), Order(np.arange(100), 8, seed=3)
    walked = [first.at(step) for step in range(40)]
    assert np.array_equal(second.at(37), walked[37])
    assert not np.array_equal(first.rows_of(0, 0), first.rows_of(1, 0))
    assert not np.array_equal(first.at(0), Order(np.arange(100), 8, seed=4).at(0))


def test_buckets_keep_like_lengths_together_and_lose_nothing():
    lengths = np.random.default_rng(0).integers(1, 100, 4096)
    order = Order(np.arange(4096), 32, seed=0, lengths=lengths)
    batches = [lengths[order.rows_of(0, i)] for i in range(order.steps_per_epoch)]
    padding = 1 - sum(b.sum() for b in batches) / sum(b.max() * len(b) for b in batches)
    assert padding < 0.05
    assert sorted(np.concatenate([order.rows_of(0, i) for i in range(128)])) == list(range(4096))
    means = [b.mean() for b in batches]
    assert abs(np.corrcoef(means[:-1], means[1:])[0, 1]) < 0.3  # short and long batches alternate at random


def test_weights_draw_rare_examples_more_often():
    weights = np.where(np.arange(1000) < 50, 19.0, 1.0)
    order = Order(np.arange(1000), 100, seed=0, weights=weights)
    share = np.mean(np.concatenate([order.rows_of(0, i) for i in range(10)]) < 50)
    assert 0.4 < share < 0.6


def test_no_examples_is_an_error():
    with pytest.raises(ValueError, match="no training examples"):
        Order(np.arange(0), 4, seed=0)

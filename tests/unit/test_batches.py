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
    assert padding < 0.05 and order.padding_share() == pytest.approx(padding)
    assert sorted(np.concatenate([order.rows_of(0, i) for i in range(128)])) == list(range(4096))
    means = [b.mean() for b in batches]
    assert abs(np.corrcoef(means[:-1], means[1:])[0, 1]) < 0.3  # short and long batches alternate at random


@pytest.mark.parametrize("size", [16, 32, 128])
def test_padding_of_sentences_is_small(size):
    """Lengths as sentences have them: from 2 to 50 words, 19 in the mean. Batches drawn blindly pad half of all tokens."""
    lengths = np.random.default_rng(0).gamma(4, 4.75, 5000).clip(2, 50).astype(int)
    rows = np.arange(500, 5000)
    shares = [Order(rows, size, seed=seed, lengths=lengths).padding_share(epoch) for seed, epoch in ((0, 0), (0, 7), (1, 0))]
    assert max(shares) < 0.05 and len(set(shares)) == 3
    assert Order(rows, size, seed=0).padding_share() == 0.0


def test_bucketed_batches_of_an_epoch_have_labels_as_if_drawn_at_random():
    """Data sorted by label, as files often are: neither a batch nor its neighbours may lean to a label."""
    labels = np.repeat([0, 1], 2048)
    lengths = np.random.default_rng(1).integers(3, 40, 4096)
    order = Order(np.arange(4096), 32, seed=0, lengths=lengths)
    for epoch in (0, 1):
        shares = np.array([labels[order.rows_of(epoch, i)].mean() for i in range(order.steps_per_epoch)])
        assert shares.std() == pytest.approx(0.5 / 32**0.5, rel=0.25)  # the deviation of a fair draw of 32
        assert abs(np.corrcoef(shares[:-1], shares[1:])[0, 1]) < 0.25
    first, second = (np.sort(order.rows_of(epoch, 0)) for epoch in (0, 1))
    assert not np.array_equal(first, second)


def test_where_length_tells_the_label_the_order_of_batches_still_does_not():
    labels = np.random.default_rng(2).integers(0, 2, 4096)
    order = Order(np.arange(4096), 32, seed=0, lengths=5 + 20 * labels)
    shares = np.array([labels[order.rows_of(0, i)].mean() for i in range(order.steps_per_epoch)])
    assert abs(np.corrcoef(shares[:-1], shares[1:])[0, 1]) < 0.25
    assert abs(shares[:64].mean() - shares[64:].mean()) < 0.25


def test_weights_draw_rare_examples_more_often():
    weights = np.where(np.arange(1000) < 50, 19.0, 1.0)
    order = Order(np.arange(1000), 100, seed=0, weights=weights)
    share = np.mean(np.concatenate([order.rows_of(0, i) for i in range(10)]) < 50)
    assert 0.4 < share < 0.6


def test_no_examples_is_an_error():
    with pytest.raises(ValueError, match="no training examples"):
        Order(np.arange(0), 4, seed=0)

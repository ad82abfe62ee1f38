"""Comparing two runs: what decides, and what is told beside."""

import numpy as np
import pyarrow as pa
import pytest

import fukami
from fukami.core.errors import FukamiError
from fukami.core.tables import Column
from fukami.evaluate.comparing import KEEP, SHIP, UNKNOWN, Side, decided, mcnemar, needed, oriented, worse_slices
from fukami.evaluate.significance import Difference
from fukami.verbs import compare


@pytest.mark.parametrize(
    ("low", "high", "slices", "verdict"),
    [
        (0.01, 0.03, [], SHIP),
        (-0.03, -0.01, [], KEEP),
        (-0.01, 0.02, [], UNKNOWN),
        (0.01, 0.03, [{}], KEEP),
        (-1, 1, [{}], KEEP),
    ],
)
def test_what_decides(low, high, slices, verdict):
    assert decided(Difference((low + high) / 2, low, high), slices) == verdict


@pytest.mark.parametrize(("examples", "won"), [(2, 2), (100, 4), (100, 5)])
def test_a_handful_of_examples_decides_nothing(examples, won):
    """A bootstrap of few that differ has an interval that is too narrow; the exact test knows better."""
    old, new = np.zeros(examples), np.zeros(examples)
    new[:won] = 1
    better = Difference(won / examples, 0.01, 0.1)
    assert decided(better, [], mcnemar(old, new), examples) == UNKNOWN
    assert decided(Difference(-better.value, -0.1, -0.01), [], mcnemar(new, old), examples) == UNKNOWN


def test_less_of_an_error_is_better():
    assert oriented("rmse", Difference(-2.0, -3.0, -1.0)) == Difference(2.0, 1.0, 3.0)
    assert oriented("accuracy", Difference(-2.0, -3.0, -1.0)) == Difference(-2.0, -3.0, -1.0)


def test_how_many_examples_might_tell():
    assert needed(Difference(0.01, -0.01, 0.03), 100) == 400  # a half of the width falls with the root of their number
    assert needed(Difference(0.0, -0.01, 0.01), 100) is None


def test_mcnemar_is_the_exact_test_of_those_that_flipped():
    old, new = np.array([1.0] * 5 + [0.0] * 15 + [1.0] * 30), np.array([0.0] * 5 + [1.0] * 15 + [1.0] * 30)
    told = mcnemar(old, new)
    assert told is not None and (told["first_alone"], told["second_alone"]) == (5, 15)
    assert told["p_value"] == pytest.approx(0.04139, abs=1e-5)  # twice the lower tail of 20 tosses, by hand
    assert mcnemar(np.full(3, np.nan), np.full(3, np.nan)) is None


def test_a_planted_slice_is_found_and_an_even_one_is_not():
    rng = np.random.default_rng(0)
    town = Column("town", pa.array(["Nara"] * 100 + ["Kyoto"] * 100))
    old, new = np.ones(200), np.ones(200)
    new[:40] = 0
    noise = rng.permutation(100)[:10] + 100
    old[noise[:5]] = new[noise[5:]] = 0
    (found,) = worse_slices(Side([""] * 200, old, None), Side([""] * 200, new, None), {"town": town})
    assert (found["value"], found["examples"], found["first_alone"]) == ("Nara", 100, 40)


@pytest.mark.slow
def test_runs_are_compared(tmp_path):
    good, bad, other = (tmp_path / name for name in ("good", "bad", "other"))
    fukami.train("tabular-classification", "wine", model="mlp", epochs=20, out=good)
    fukami.train("tabular-classification", "wine", model="mlp", epochs=1, out=bad, learning_rate=1e-7)
    told = compare(bad, good, "wine", settings={"groups": "target"})
    assert told["verdict"] == SHIP and told["better_by"]["low"] > 0 and told["mcnemar"]["second_alone"] > 0
    assert compare(good, bad, "wine")["verdict"] == KEEP
    same = compare(good, good, "wine")
    assert same["verdict"] == UNKNOWN and same["flipped"] == {"lost": 0, "won": 0, "examples": []}
    fukami.train("tabular-regression", "diabetes", model="linear", epochs=1, out=other)
    with pytest.raises(FukamiError) as refused:
        compare(good, other, "wine")
    assert refused.value.code == "F-COMPARE-TASK"

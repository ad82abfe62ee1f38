"""Splits: shares, copies, groups, time, folds, and the proof."""

from collections import Counter
from itertools import combinations

import numpy as np
import pyarrow as pa
import pytest

from fukami.core.errors import DataError
from fukami.core.recipe import DataChoices
from fukami.core.tables import PARTS, Column, Table
from fukami.data.moments import doubts, moments
from fukami.data.near import near_pairs
from fukami.data.split import Split, folds, split
from fukami.fields.category.field import Category
from fukami.fields.cells import combined
from fukami.fields.number.field import Number
from fukami.fields.text.field import Text
from fukami.tasks.contract import Task


def task(target=None) -> Task:
    target = target or Category(name="label")
    parts = {"card": None, "head": None, "objective": None}
    return Task(inputs={"text": Text(name="text")}, targets={target.name: target}, **parts)  # type: ignore[arg-type]


def table(texts, labels=None, parts=None, **more) -> Table:
    columns = {
        "text": list(texts),
        "label": [str(i % 2) for i in range(len(texts))] if labels is None else list(labels),
        **more,
    }
    made = {name: Column(name, pa.array(values), file="t.csv") for name, values in columns.items()}
    return Table("t.csv", made, parts=None if parts is None else np.array(parts))


def divided(made: Table, *, seed: int = 0, target=None, **choices) -> Split:
    asked = task(target)
    return split(made, bound(made, asked), asked, DataChoices(**choices), seed=seed)


def bound(made: Table, asked: Task) -> dict[str, list[Column]]:
    return {"text": [made.columns["text"]], asked.target.name: [made.columns["label"]]}


def texts(count: int) -> list[str]:
    rng = np.random.default_rng(0)
    return [" ".join(f"w{n}" for n in rng.integers(0, 5000, 12)) + f" {i}" for i in range(count)]


def sound(found: Split, made: Table) -> None:
    """What is true of every split: parts apart, ascending, without common texts."""
    rows = [getattr(found, part) for part in PARTS]
    assert all((np.diff(r) > 0).all() for r in rows)
    content = [{made.columns["text"].strings()[i] for i in r} for r in rows]
    assert all(not (a & b) for a, b in combinations(content, 2))
    assert found.proof()["copies_left"] == 0 and found.proof()["held"]


def test_classes_keep_their_proportion_and_the_draw_repeats():
    made = table(texts(1000), labels=["a"] * 800 + ["b"] * 150 + ["c"] * 50)
    found = divided(made)
    assert found.method == "stratified" and found.sizes() == {"train": 700, "valid": 100, "test": 200}
    labels = np.array(made.columns["label"].strings())
    for part, share in (("train", 0.7), ("valid", 0.1), ("test", 0.2)):
        counts = Counter(labels[getattr(found, part)])
        assert all(abs(counts[k] - share * n) <= 1.01 for k, n in Counter(labels).items())
    again, other = divided(made), divided(made, seed=1)
    assert all((getattr(found, p) == getattr(again, p)).all() for p in PARTS)
    assert not np.array_equal(found.test, other.test)
    sound(found, made)


def test_every_class_trains():
    made = table(texts(60), labels=["a"] * 40 + [f"rare{i}" for i in range(10)] * 2)
    found = divided(made)
    assert set(np.array(made.columns["label"].strings())[found.train]) == set(made.columns["label"].strings())


def test_numbers_are_divided_by_tenths():
    values = np.random.default_rng(0).exponential(size=500)
    found = divided(table(texts(500), labels=values), target=Number(name="label"))
    edges = np.quantile(values, np.linspace(0, 1, 11)[1:-1])
    counts = np.bincount(np.searchsorted(edges, values[found.test]), minlength=10)
    assert found.method == "stratified" and counts.min() >= 9 and counts.max() <= 11


def test_targets_that_never_repeat_are_drawn_at_random():
    assert divided(table(texts(50), labels=[f"c{i}" for i in range(50)])).method == "random"


def test_copies_are_drawn_together():
    base = texts(100)
    made = table(base + base[:60] + base[:30], labels=[str(i % 2) for i in range(100)] + ["0"] * 60 + ["1"] * 30)
    found = divided(made)
    sound(found, made)
    assert found.copies == {"train": 0, "valid": 0} and sum(found.sizes().values()) == 190


def test_given_parts_are_kept_and_copies_leave_the_earlier_part():
    base = texts(20)
    made = table(
        [*base[:10], base[10], *base[10:16], base[16], *base[16:20]], parts=["train"] * 11 + ["valid"] * 7 + ["test"] * 4
    )
    found = divided(made)
    assert found.method == "given" and found.copies == {"train": 1, "valid": 1}
    assert found.test.tolist() == [18, 19, 20, 21] and 10 not in found.train and 17 not in found.valid
    assert [p.code for p in found.problems] == ["F-SPLIT-COPIES"]
    sound(found, made)


def test_a_missing_validation_part_is_drawn_from_training():
    base = texts(100)
    made = table([*base[:80], *base[78:]], parts=["train"] * 80 + ["test"] * 22)
    found = divided(made)
    assert found.sizes() == {"train": 70, "valid": 8, "test": 22} and found.copies["train"] == 2
    sound(found, made)


def test_a_validation_part_without_a_test_part_is_the_test():
    found = divided(table(texts(50), parts=["train"] * 40 + ["valid"] * 10))
    assert found.test.tolist() == list(range(40, 50)) and len(found.valid) == 4
    assert [p.code for p in found.problems] == ["F-SPLIT-VALID-IS-TEST"]


def test_one_part_alone_says_nothing():
    assert divided(table(texts(50), parts=["test"] * 50)).method == "stratified"


def test_training_that_is_all_copies_is_an_error():
    base = texts(5)
    with pytest.raises(DataError) as caught:
        divided(table(base + base, parts=["train"] * 5 + ["test"] * 5))
    assert caught.value.code == "F-SPLIT-COPIES"


@pytest.mark.parametrize("sizes", [[5] * 40, [50, 30, 20, 10, 5, 5], [90, 5, 5], [1] * 100])
def test_groups_never_stand_in_two_parts(sizes):
    groups = np.repeat(np.arange(len(sizes)), sizes)
    made = table(texts(len(groups)), who=[f"p{g}" for g in groups])
    found = divided(made, group="who")
    held = [set(groups[getattr(found, part)]) for part in PARTS]
    assert found.method == "grouped" and all(not (a & b) for a, b in combinations(held, 2)) and all(held)
    assert found.proof()["group"]["broken"] == 0
    sound(found, made)


def test_a_missing_group_stands_for_itself():
    made = table(texts(40), who=[None] * 40)
    assert divided(made, group="who").sizes()["test"] == 8


def test_groups_broken_by_given_parts_are_told():
    made = table(texts(12), parts=["train"] * 8 + ["test"] * 4, who=["a"] * 6 + ["b"] * 6)
    problems = {p.code: p for p in divided(made, group="who").problems}
    assert problems["F-SPLIT-GROUP"].got == "b"


@pytest.mark.parametrize("form", ["2024-01-{:02d}", "{:02d}.01.2024", "2024年1月{}日", "{}", "{:02d}"])
def test_the_newest_examples_test(form):
    days = np.random.default_rng(1).permutation(np.repeat(np.arange(1, 31), 4))
    found = divided(table(texts(120), day=[form.format(d) for d in days]), time="day")
    assert found.method == "by time"
    assert days[found.train].max() < days[found.valid].min() and days[found.valid].max() < days[found.test].min()


def test_dates_whose_order_is_in_doubt_are_told_and_read_as_the_user_says():
    days = [f"{1 + i % 12:02d}/{1 + i // 12:02d}/2024" for i in range(144)]
    told = {p.code: p for p in divided(table(texts(144), day=days), time="day").problems}
    assert "date_order" not in told["F-COLUMN-DATE-ORDER"].fix
    day, clear = Column("day", pa.array(days)), Column("day", pa.array(["01/13/2024", "02/01/2024"]))
    assert (np.argsort(moments(day, "dmy"), kind="stable") == np.arange(144)).all()
    assert np.argsort(moments(day, "mdy"), kind="stable")[:3].tolist() == [0, 12, 24]
    assert [len(list(doubts(day, order))) for order in ("", "auto", "dmy")] == [1, 1, 0] and not list(doubts(clear, ""))


def test_a_time_that_cannot_be_read_names_its_cell():
    with pytest.raises(DataError) as caught:
        divided(table(texts(3), day=["2024-01-01", "soon", "2024-01-03"]), time="day")
    assert caught.value.code == "F-SPLIT-TIME" and caught.value.where == "t.csv:2 (day)"


def test_fractions_have_to_leave_something():
    with pytest.raises(DataError) as caught:
        divided(table(texts(20)), valid_fraction=0.5, test_fraction=0.5)
    assert caught.value.code == "F-SPLIT-FRACTIONS"
    assert divided(table(texts(20)), valid_fraction=0.0, test_fraction=0.0).sizes() == {"train": 20, "valid": 0, "test": 0}


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 7])
def test_tiny_data_trains(count):
    made = table(texts(count))
    found = divided(made)
    assert len(found.train) >= 1 and sum(found.sizes().values()) == count
    sound(found, made)


def test_folds_test_every_example_once():
    made = table(texts(103), labels=["a"] * 80 + ["b"] * 23)
    asked = task()
    made_folds = folds(made, bound(made, asked), asked, DataChoices(folds=5), seed=0)
    assert sorted(np.concatenate([f.test for f in made_folds]).tolist()) == list(range(103))
    labels = np.array(made.columns["label"].strings())
    assert {int((labels[f.test] == "b").sum()) for f in made_folds} <= {4, 5}
    for found in made_folds:
        sound(found, made)
        assert len(found.valid) and sum(found.sizes().values()) == 103


def test_folds_of_groups_and_of_time():
    asked = task()
    groups = np.repeat(np.arange(13), 4)
    made = table(texts(52), who=groups.tolist(), when=list(range(52)))
    tested = []
    for found in folds(made, bound(made, asked), asked, DataChoices(folds=4, group="who"), seed=0):
        assert not set(groups[found.test]) & set(groups[np.concatenate([found.train, found.valid])])
        tested += found.test.tolist()
    assert sorted(tested) == list(range(52))
    for found in folds(made, bound(made, asked), asked, DataChoices(folds=4, time="when"), seed=0):
        assert max(*found.train, *found.valid) < found.test.min()


@pytest.mark.parametrize("count", [1, 60])
def test_an_impossible_number_of_folds(count):
    made = table(texts(50))
    with pytest.raises(DataError) as caught:
        folds(made, bound(made, task()), task(), DataChoices(folds=count), seed=0)
    assert caught.value.code == "F-SPLIT-FOLDS"


def test_the_proof_tells_content_whatever_the_order():
    base = texts(30)
    parts = ["train"] * 20 + ["valid"] * 5 + ["test"] * 5
    one = divided(table(base, parts=parts)).proof()
    order = np.random.default_rng(0).permutation(30)
    labels = [str(i % 2) for i in range(30)]
    two = divided(table([base[i] for i in order], labels=[labels[i] for i in order], parts=[parts[i] for i in order])).proof()
    three = divided(table([*base[:29], "another"], parts=parts)).proof()
    assert one["content"] == two["content"]
    assert one["content"]["train"] == three["content"]["train"] and one["content"]["test"] != three["content"]["test"]


def test_near_copies_are_told():
    base = texts(60)
    long = "the quick brown fox jumps over the lazy dog and runs away into the deep dark forest near the old mill by the river"
    made = table([*base, long, f"{long}.", *texts(8)[4:]], parts=["train"] * 61 + ["test"] * 5)
    near = divided(made, valid_fraction=0).proof()["near_copies"]
    assert near["asked"] and near["complete"] and near["test_examples"] == 1
    assert near["examples"] == [["t.csv:62 (text)", "t.csv:61 (text)"]]


@pytest.mark.parametrize("distance", [0, 1, 2, 3, 5])
def test_near_pairs_are_those_of_a_full_comparison(distance):
    rng = np.random.default_rng(distance)
    left = rng.integers(0, 2**64, 300, dtype=np.uint64)
    flips = np.bitwise_or.reduce(np.uint64(1) << rng.integers(0, 64, (200, 4)).astype(np.uint64), axis=1)
    right = np.concatenate([left[:200] ^ flips, left[:20], rng.integers(0, 2**64, 100, dtype=np.uint64)])
    found = near_pairs(left, right, distance=distance)
    expected = np.argwhere(np.bitwise_count(left[:, None] ^ right[None]) <= distance)
    assert np.array_equal(np.stack([found.left, found.right], axis=1), expected)
    assert found.complete and len(expected) >= 20


def test_near_pairs_of_skewed_fingerprints():
    marks = np.repeat(np.arange(50, dtype=np.uint64), 20)
    found = near_pairs(marks, marks, distance=0)
    assert len(found.left) == 50 * 20 * 20


def test_near_pairs_keep_to_their_budget(monkeypatch):
    monkeypatch.setattr("fukami.data.near.MOST_COMPARISONS", 1000)
    same = np.zeros(500, np.uint64)
    lone = np.arange(1, 40, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    found = near_pairs(np.concatenate([same, lone]), np.concatenate([same, lone]), distance=2)
    assert not found.complete and len(found.left) >= 39
    assert near_pairs(lone, lone[:0], distance=2).left.size == 0


def test_hashes_combine_in_order():
    a, b = np.array([1, 2], np.uint64), np.array([2, 1], np.uint64)
    assert combined([a, b])[0] != combined([b, a])[0] and len(set(combined([a, b]).tolist())) == 2


# -- several examples of one row -----------------------------------------------------------------------------------------
CUT = [{}, {"valid_fraction": 0.0}, {"folds": 4}]


@pytest.mark.parametrize("choices", CUT)
def test_examples_of_one_row_never_stand_in_two_parts(choices):
    """Positions of one history, cut from it by a task: no column says that they belong together, and they do."""
    rows = np.repeat(np.arange(40), 5)
    cut = table(texts(40)).take(rows)
    asked = task()
    columns = {name: [c.take(rows) for c in own] for name, own in bound(table(texts(40)), asked).items()}
    columns["text"] = [Column("text", pa.array([f"{text} at {i}" for i, text in enumerate(columns["text"][0].strings())]))]
    chosen = DataChoices(**choices)
    made = folds(cut, columns, asked, chosen, seed=0) if chosen.folds else [split(cut, columns, asked, chosen, seed=0)]
    for found in made:
        of = [set(rows[getattr(found, part)].tolist()) for part in PARTS]
        assert not (of[0] & of[1] or of[0] & of[2] or of[1] & of[2]) and found.told["group"]["broken"] == 0
        assert sum(found.sizes().values()) == len(rows)
    if chosen.folds:
        assert sorted(np.concatenate([found.test for found in made]).tolist()) == list(range(len(rows)))


def test_where_rows_came_from_is_kept_through_further_choices():
    whole = table(texts(6))
    assert whole.take([4, 1, 2]).origin is None
    cut = whole.take([0, 0, 3, 3, 5])
    assert cut.origin.tolist() == [0, 0, 3, 3, 5] and cut.take([1, 2, 4]).origin.tolist() == [0, 3, 5]

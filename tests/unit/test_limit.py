"""A quick trial is quick: only what it uses is prepared, and who is held out does not change with it."""

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import csv

import fukami
from fukami.core import artefact
from fukami.core.recipe import DataChoices
from fukami.core.tables import PARTS, Column, Table
from fukami.data.limit import LEAST_HELD_OUT, limited
from fukami.data.split import split
from fukami.evaluate import whole
from fukami.evaluate.examples import held_out
from fukami.tasks.registry import contract
from fukami.training.prepare import examined, prepared

TASK = contract("tabular-classification")


def labelled(labels):
    """A table of numbered rows with these labels, its columns, and its split."""
    number = Column("n", np.arange(len(labels), dtype=np.float64))
    label = Column("label", pa.array(labels))
    table = Table("t", {"n": number, "label": label})
    (row,), (target,) = TASK.inputs, TASK.targets
    columns = {row: [number], target: [label]}
    return table, columns, split(table, columns, TASK, DataChoices(), seed=0)


def names(table, rows):
    return table.columns["n"].values[rows]


def test_held_out_examples_stay_held_out_and_classes_keep_their_shares():
    table, columns, whole = labelled(["a"] * 4000 + ["b"] * 1000)
    few, cells, drawn = limited(whole, table, columns, TASK, limit=1000, seed=3)
    assert drawn.sizes() == {"train": 1000, "valid": 143, "test": 286}
    assert len(few) == len(cells[TASK.input.name][0]) == 1429
    for part in PARTS:
        mine = names(few, getattr(drawn, part))
        assert np.isin(mine, names(table, getattr(whole, part))).all()
        assert (mine >= 4000).mean() == pytest.approx(0.2, abs=0.01)
    told = drawn.proof()
    assert told["drawn_from"] == whole.sizes() and told["examples"] == drawn.sizes() and told["held"]
    assert told["content"] != whole.proof()["content"]
    again = limited(whole, table, columns, TASK, limit=1000, seed=3)[2]
    other = limited(whole, table, columns, TASK, limit=1000, seed=4)[0]
    assert np.array_equal(again.train, drawn.train) and len(np.intersect1d(names(other, ...), names(few, ...))) < 1000


def test_few_are_never_so_few_that_nothing_can_be_said():
    table, columns, whole = labelled(["a", "b"] * 2500)
    assert limited(whole, table, columns, TASK, limit=10, seed=0)[2].sizes() == {
        "train": 10,
        "valid": LEAST_HELD_OUT,
        "test": LEAST_HELD_OUT,
    }
    small = labelled(["a", "b"] * 50)
    assert limited(small[2], *small[:2], TASK, limit=10, seed=0)[2].sizes() == {"train": 10, "valid": 10, "test": 20}
    assert limited(whole, table, columns, TASK, limit=len(whole.train), seed=0)[2] is whole


def test_each_class_trains_and_what_none_trained_is_passed_over():
    classes = [f"c{k:02}" for k in range(30)]
    table, columns, whole = labelled(["often"] * 3000 + classes * 20)
    target = columns[TASK.target.name][0]
    drawn = limited(whole, table, columns, TASK, limit=40, seed=0)
    assert len(set(target.take(whole.train).strings())) == 31
    assert len(set(drawn[1][TASK.target.name][0].take(drawn[2].train).strings())) == 31
    assert not drawn[2].problems
    few = limited(whole, table, columns, TASK, limit=10, seed=0)
    seen, held = (set(few[1][TASK.target.name][0].take(getattr(few[2], part)).strings()) for part in ("train", "test"))
    assert len(seen) == 10 and held <= seen
    (problem,) = few[2].problems
    assert problem.code == "F-LIMIT-LABELS" and problem.count > 50


@pytest.fixture(scope="module")
def trial(tmp_path_factory):
    place = tmp_path_factory.mktemp("trial") / "run"
    return fukami.train("image-classification", "digits", model="linear", out=place, epochs=2, limit=150)


def test_only_what_is_used_is_stored_and_looked_at(trial):
    data = prepared(trial.predictor.recipe, "digits")
    assert data.split.sizes() == {"train": 150, "valid": 100, "test": 100}
    assert len(data.store) == len(data.table) == 350
    whole_split = examined(trial.predictor.recipe, "digits").split
    assert whole_split is not None and data.split.drawn_from == whole_split.sizes()
    # the rows that messages name are those of the source
    assert len(np.load(trial.path / "reference" / "seen.npy")) <= 250
    assert trial.proofs["split"]["examples"] == data.split.sizes()


def test_what_comes_later_looks_at_the_same_examples(trial):
    judged = held_out(trial)
    assert len(judged.rows) == 100 and len(judged.store) == 350
    first = trial.evaluation["metrics"]
    told = trial.evaluate()
    assert told["examples"] == 100 and told["metrics"] == first
    assert told["unusable"] == 0
    assert told["baselines"] == trial.proofs["baselines"]["metrics"]


def test_all_held_out_examples_can_be_asked_for_afterwards(trial):
    test = trial.proofs["split"]["drawn_from"]["test"]
    told = trial.evaluate(limit=0)
    assert told["examples"] == test > 300
    assert told["baselines"].keys() == trial.proofs["baselines"]["metrics"].keys()


def test_mistakes_are_shown_by_the_example_that_they_were_made_in(trial):
    trial.evaluate(limit=0)
    found, judged = trial.evaluation, held_out(trial)  # the second has fewer examples, numbered anew
    cells = judged.columns["image"]
    there = {whole.place(cells, row) for row in range(len(cells[0]))}
    made = [mistake["where"] for mistake in found["mistakes"][: whole.SHOWN_MISTAKES]]
    shown = whole.pictures(found, trial.predictor.task, judged.columns)
    assert [one["where"] for one in shown] == [where for where in made if where in there] != made
    more = {"mistakes": [{**found["mistakes"][0], "row": 0, "where": whole.place(cells, 7)}]}
    assert whole.pictures(more, trial.predictor.task, judged.columns)[0]["html"] == trial.predictor.task.input.render(cells, 7)


def test_fields_that_have_learned_little_do_not_change_the_split(tmp_path):
    """A rare label that no drawn example has: the run does not know it, and still finds the examples that it held out."""
    rng = np.random.default_rng(0)
    labels = np.array(["a", "b"], object)[rng.integers(0, 2, 600)]
    labels[rng.permutation(600)[:40]] = [f"rare{k % 8}" for k in range(40)]
    rows = {"x": rng.normal(size=600).tolist(), "y": rng.normal(size=600).tolist(), "label": labels.tolist()}
    path = tmp_path / "rows.csv"
    csv.write_csv(pa.table(rows), path)
    run = fukami.train("tabular-classification", path, model="linear", out=tmp_path / "run", epochs=1, limit=4)
    known = run.predictor.task.target.state["classes"]
    assert len(known) < 10
    told = run.evaluate()
    assert told["metrics"] == run.evaluation["metrics"] and told["unusable"] == 0
    told = artefact.read_json(run.path / "proofs" / "data.json")["problems"]
    assert "F-LIMIT-LABELS" in {problem["code"] for problem in told}

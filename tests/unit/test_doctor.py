"""The doctor's checks over whole data sets; the corpus of broken inputs has many more cases."""

import dataclasses

import numpy as np
import pyarrow as pa
import pytest

from fukami.core.recipe import DataChoices
from fukami.core.tables import Column, Table
from fukami.data import doctor, evidence
from fukami.data.checks.leakage import Signal, unexplained
from fukami.data.doctor import examine
from fukami.data.split import split
from fukami.tasks.registry import contract
from tests.synthetic import columns


def examined(task_name: str, cells: dict[str, list[Column]]) -> dict[str, str]:
    """Code → severity of what the doctor finds."""
    task = contract(task_name)
    table = Table("data", {c.name: c for group in cells.values() for c in group})
    usable = np.logical_and.reduce([task.fields[name].usable(group) for name, group in cells.items()])
    kept = {name: [c.take(np.flatnonzero(usable)) for c in group] for name, group in cells.items()}
    division = split(table.take(np.flatnonzero(usable)), kept, task, DataChoices(), seed=0)
    return {problem.code: problem.severity for problem in examine(task, table, cells, division)}


def tabular(total: int = 400, **more) -> dict[str, list[Column]]:
    """Two noisy numbers and two classes."""
    rng = np.random.default_rng(0)
    label = np.arange(total) % 2
    a = Column("a", pa.array(label + rng.normal(0, 1, total)))
    b = Column("b", pa.array(rng.normal(0, 1, total)))
    extra = [Column(name, pa.array(values(label, rng))) for name, values in more.items()]
    return {"row": [a, b, *extra], "label": [Column("label", pa.array([f"class{k}" for k in label]))]}


def test_good_data_has_no_problem():
    assert examined("tabular-classification", tabular()) == {}


@pytest.mark.parametrize(
    "name, values",
    [
        ("copy", lambda label, rng: [f"is {k}" for k in label]),
        ("score", lambda label, rng: label * 10.0 + rng.normal(0, 0.1, len(label))),
        ("gap", lambda label, rng: [None if k else float(i) for i, k in enumerate(label)]),
    ],
)
def test_a_column_that_tells_the_class_is_named(name, values):
    """As words, as a number, and by what is missing."""
    assert examined("tabular-classification", tabular(**{name: values}))["F-DATA-LEAK"] == "warning"


def test_a_good_column_is_no_leak():
    honest = tabular(hint=lambda label, rng: [str(k if rng.random() < 0.9 else 1 - k) for k in label])
    assert "F-DATA-LEAK" not in examined("tabular-classification", honest)


def test_a_number_in_another_unit_is_a_leak():
    rng = np.random.default_rng(0)
    euros = rng.lognormal(3, 1, 600)
    assert unexplained(Signal("yen", euros * 160 + rng.normal(0, 0.01, 600), False), euros, is_class=False) < 0.02
    assert unexplained(Signal("guess", euros + rng.normal(0, 20, 600), False), euros, is_class=False) > 0.1


def test_copies_and_conflicts():
    cells = tabular(200)
    twice = np.concatenate([np.arange(200), np.arange(30)])
    found = examined("tabular-classification", {n: [c.take(twice) for c in g] for n, g in cells.items()})
    assert found == {"F-DATA-DUPLICATE": "warning"}
    wrong = [Column("label", pa.array([*cells["label"][0].strings(), *["class0"] * 30]))]
    conflicting = {"row": [c.take(twice) for c in cells["row"]], "label": wrong}
    assert examined("tabular-classification", conflicting)["F-DATA-CONFLICT"] == "warning"


def test_numbers_measured_twice_are_no_conflict():
    cells = columns({"row": "row", "value": "number"}, 120)
    twice = np.concatenate([np.arange(120), np.arange(120)])
    again = Column("value", pa.array(np.concatenate([cells["value"][0].values, np.asarray(cells["value"][0].values) + 0.1])))
    assert "F-DATA-CONFLICT" not in examined(
        "tabular-regression", {"row": [c.take(twice) for c in cells["row"]], "value": [again]}
    )


def test_near_copies_of_texts_are_found():
    cells = columns({"text": "text", "label": "category"}, 120)
    long = [f"{text} and then the story goes on for quite a while until it ends" for text in cells["text"][0].strings()]
    long[7] = long[3] + " ."
    found = examined("text-classification", {"text": [Column("text", pa.array(long))], "label": cells["label"]})
    assert "F-DATA-NEAR" in found or "F-SPLIT-NEAR" in found


def test_large_data_is_sampled_and_says_so(monkeypatch):
    monkeypatch.setattr(evidence, "SAMPLED", 50)
    cells = columns({"image": "image", "label": "category"}, 120)
    pixels = cells["image"][0].values.copy()
    pixels[60:] = np.clip(pixels[:60].astype(int) + 1, 0, 255)  # every picture again, a little brighter
    near = {"image": [Column("image", pixels)], "label": cells["label"]}
    task = contract("image-classification")
    found = examine(task, Table("data", {c.name: c for g in near.values() for c in g}), near, None)
    (problem,) = [p for p in found if p.code == "F-DATA-NEAR"]
    assert "of 50 sampled" in problem.what


def test_gravest_first_and_many_alike_are_counted():
    from fukami.core.problems import SEVERITIES, Problem

    notes = [Problem(code="F-A", severity="note", what="a", where=f"row {i}") for i in range(20)]
    fault = Problem(code="F-B", severity="error", what="b", where="x")
    told = doctor.told([*notes, fault, fault])
    assert [p.code for p in told] == ["F-B", *["F-A"] * (doctor.MOST_ALIKE + 1)]
    assert told[-1].count == 20 - doctor.MOST_ALIKE
    assert [SEVERITIES.index(p.severity) for p in told] == sorted(SEVERITIES.index(p.severity) for p in told)


def test_new_data_for_a_finished_run_is_not_judged_as_training_data():
    cells = tabular(30)
    task = contract("tabular-classification")
    task = task.with_fields({n: f.learn(cells[n]) for n, f in task.fields.items()})
    few = {n: [c.take(np.array([0, 2])) for c in g] for n, g in cells.items()}
    table = Table("new", {c.name: c for g in few.values() for c in g})
    assert {p.code for p in examine(task, table, few, None)} <= {"F-COLUMN-CONSTANT"}
    strange = {**few, "label": [dataclasses.replace(few["label"][0], values=pa.array(["class0", "never seen"]))]}
    assert "F-CATEGORY-UNKNOWN" in {p.code for p in examine(task, table, strange, None)}

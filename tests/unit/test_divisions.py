"""Divisions that promise no more than they hold: groups, later days, copies."""

import re

import numpy as np
import pyarrow as pa
import pytest

from fukami.core.errors import DataError
from fukami.core.problems import Problem
from fukami.core.recipe import DataChoices
from fukami.core.tables import Column, Table
from fukami.data.bind import bind, remarks
from fukami.data.checks import divisions, leakage
from fukami.data.evidence import gathered
from fukami.data.split import Split, split
from fukami.tasks.registry import contract
from tests.unit.test_split import divided, table, texts

RNG = np.random.default_rng(0)
PATIENTS, DAYS = np.repeat(np.arange(60), 10), np.arange(600)
SICK = (RNG.random(60) < 0.5)[PATIENTS]
WALK = np.cumsum(RNG.normal(size=600)) + 100


def judged(task: str, cells: dict[str, list], **choices) -> tuple[list[Problem], Split]:
    """What the checks of divisions and leaks say of a table, and its split."""
    made = Table("t.csv", {name: Column(name, pa.array(values), file="t.csv") for name, values in cells.items()})
    asked, chosen = contract(task), DataChoices(columns={"label": "y", "number": "y", "target": "y"}, **choices)
    columns = bind(made, asked, chosen)
    found = split(made, columns, asked, chosen, seed=0)
    evidence = gathered(asked, made, columns, found)
    told = [*divisions.check(evidence), *leakage.check(evidence), *remarks(made, asked, chosen, columns), *found.problems]
    return told, found


def coded(told: list[Problem], code: str) -> list[Problem]:
    return [problem for problem in told if problem.code == code]


@pytest.mark.parametrize("name, write", [("patient_id", "{}"), ("patient", "P{:03}"), ("患者番号", "{}"), ("code", "K-{}")])
def test_a_column_that_names_what_comes_again_is_advised_as_a_group(name, write):
    cells = {name: [write.format(p) for p in PATIENTS], "pulse": RNG.normal(size=600), "y": [str(s) for s in SICK]}
    told, _found = judged("tabular-classification", cells)
    (leak,) = coded(told, "F-DATA-LEAK")
    assert f"--set group={name}" in leak.fix and "ignore" not in leak.fix
    groups = coded(told, "F-DATA-GROUP")
    assert [(p.severity, p.fix) for p in groups] == ([] if name == "code" else [("warning", f"--set group={name}")])
    told, _found = judged("tabular-classification", cells, group=name)
    assert not coded(told, "F-DATA-GROUP") and [p.got or p.what for p in coded(told, "F-BIND-ASIDE")]


def test_a_machine_that_tells_nothing_is_a_note_and_a_kind_is_none():
    cells = {"machine": [f"M{i % 9}" for i in DAYS], "plan": [f"p{i % 9}" for i in DAYS], "y": [str(i // 9 % 2) for i in DAYS]}
    told, _found = judged("tabular-classification", {**cells, "x": RNG.normal(size=600)})
    assert [(p.severity, p.fix) for p in coded(told, "F-DATA-GROUP")] == [("note", "--set group=machine")]


@pytest.mark.parametrize("typed", [False, True])
def test_dated_rows_in_a_division_by_chance_are_told_with_both_figures(typed):
    days = np.datetime64("2022-01-01") + DAYS
    cells = {"date": days if typed else days.astype(str).tolist(), "promo": DAYS % 2, "rain": RNG.normal(size=600), "y": WALK}
    told, _found = judged("tabular-regression", cells)
    (dated,) = coded(told, "F-DATA-DATED")
    by_chance, by_time = map(float, re.findall(r"-?\d+\.\d+", dated.got))
    assert dated.fix == "--set time=date" and by_time < 0 < by_chance
    told, _found = judged("tabular-regression", cells, time="date")
    assert not coded(told, "F-DATA-DATED")
    assert "date" in coded(told, "F-BIND-ASIDE")[0].what


def test_a_date_that_leaves_nothing_to_learn_from_is_said():
    days = (np.datetime64("2022-01-01") + DAYS).astype(str).tolist()
    with pytest.raises(DataError, match="F-DATA-SAME-INPUTS") as caught:
        judged("tabular-regression", {"date": days, "shop": ["a"] * 600, "y": WALK}, time="date")
    assert "date" in caught.value.fix


@pytest.mark.parametrize("copies", [0, 100, 300, 420])
def test_parts_keep_their_shares_beside_an_input_that_comes_often(copies):
    made = table([*texts(1000 - copies), *["again"] * copies])
    found = divided(made)
    assert found.sizes() == pytest.approx({"train": 700, "valid": 100, "test": 200}, abs=1)
    assert not found.problems and found.proof()["copies_left"] == 0


def test_parts_that_cannot_keep_their_shares_are_told():
    found = divided(table(["a", "b", "c"] * 100 + texts(20)))
    assert "F-SPLIT-SHARES" in [p.code for p in found.problems]

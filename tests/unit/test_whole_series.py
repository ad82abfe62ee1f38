"""Series that are examples as a whole: what is read of lists, rows and rows that belong together, and how it is answered."""

from pathlib import Path

import numpy as np
import pytest
import torch

import fukami
from fukami.core.errors import DataError, UsageError
from fukami.core.recipe import DataChoices, Recipe
from fukami.core.specs import SeriesSpec
from fukami.core.tables import Column
from fukami.data.readers import sktime_ts
from fukami.evaluate.baselines.nearest_series import shortened, warped
from fukami.export.standalone.series import window
from fukami.fields.series.stretches import even
from fukami.models.inception_time import InceptionTime
from fukami.tasks.registry import contract
from fukami.training.prepare import examined

HEAD = "@problemName waves\n@timeStamps false\n@classLabel true a b\n@data\n"


def wave(kind: int, steps: int, rng: np.random.Generator) -> np.ndarray:
    return (np.sin(np.arange(steps) * (0.4 + 0.5 * kind)) + rng.normal(0, 0.1, steps)).round(3)


def line(values: np.ndarray) -> str:
    return ",".join(map(str, values))


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Forty waves of two kinds and of 20 to 22 steps, in two channels; sixteen more to be judged on."""
    base, rng = tmp_path_factory.mktemp("waves"), np.random.default_rng(0)
    for part, total in (("TRAIN", 40), ("TEST", 16)):
        lines = [
            f"{line(wave(i % 2, 20 + i % 3, rng))}:{line(rng.normal(0, 1, 20 + i % 3).round(3))}:{'ab'[i % 2]}"
            for i in range(total)
        ]
        (base / f"waves_{part}.ts").write_text(HEAD + "\n".join(lines) + "\n", "utf-8")
    return base


@pytest.fixture(scope="module")
def run(folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("run") / "run"
    told = {"plan": "default", "width": 8, "depth": 3, "learning_rate": 1e-2}
    return fukami.train("series-classification", folder, out=out, epochs=20, settings=told)


def looked_at(source, name: str = "series-classification", **settings):
    return examined(Recipe(name, task_options=contract(name).options).changed(settings), source)


def codes(found) -> set[str]:
    return {problem.code for problem in found.problems}


# -- what is read --------------------------------------------------------------------------------------------------------
def test_ts_files_hold_channels_of_any_length_and_a_label(folder):
    found = sktime_ts.read(folder, DataChoices())
    assert list(found.columns) == ["value1", "value2", "label"] and len(found) == 56
    assert found.columns["value1"].values.value_lengths().to_pylist()[:4] == [20, 21, 22, 20]
    assert (found.parts == "test").sum() == 16 and found.columns["label"].where(0).endswith("TRAIN.ts:5 (label)")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("@problemName x\n@timeStamps true\n@data\n(0,1):a\n", "F-TS-TIMES"),
        ("@problemName x\n1,2:a\n", "F-TS-DATA"),
        (HEAD, "F-TABLE-EMPTY"),
        (HEAD + "1,2:3,4:a\n1,2:b\n1,2:3,4:b\n", "F-TS-CHANNELS"),
    ],
)
def test_broken_ts_files_are_refused_with_their_place(tmp_path, text, code):
    (tmp_path / "x.ts").write_text(text, "utf-8")
    with pytest.raises(DataError, match=code):
        sktime_ts.read(tmp_path / "x.ts", DataChoices())


def test_of_several_sets_none_is_guessed(folder, tmp_path):
    for name in ("a_TRAIN.ts", "b_TRAIN.ts"):
        (tmp_path / name).write_text(HEAD + "1,2:a\n", "utf-8")
    with pytest.raises(UsageError, match="F-TS-SEVERAL"):
        sktime_ts.read(tmp_path, DataChoices())


def test_cells_that_are_no_numbers_are_unknown_and_told(tmp_path):
    (tmp_path / "x.ts").write_text(HEAD + "1,?,3:a\n1,two,3:b\n", "utf-8")
    found = sktime_ts.read(tmp_path / "x.ts", DataChoices())
    assert found.columns["value"].values.to_pylist() == [[1.0, None, 3.0], [1.0, None, 3.0]]
    (told,) = found.problems
    assert told.code == "F-SERIES-UNREADABLE" and told.where.endswith(":6") and "two" in told.got


def test_program_text_is_no_series(tmp_path):
    (tmp_path / "main.ts").write_text("export const x = 1;\n", "utf-8")
    assert sktime_ts.claims(tmp_path / "main.ts", ("series",)) == 0.0


def test_series_of_other_lengths_are_stretched_and_told():
    values = np.array([[0.0], [2.0], [5.0], [6.0], [7.0]])
    found, length = even(values, np.array([2, 3]), 0, place=Column("x", np.zeros(2), file="x.csv"))
    assert length == 3 and found.values[:, 0].tolist() == [0, 1, 2, 5, 6, 7]
    assert [problem.code for problem in found.told] == ["F-STRETCHES-LENGTH"] and found.told[0].count == 1


def test_a_row_of_steps_is_one_series_which_is_told(tmp_path):
    rng = np.random.default_rng(0)
    rows = [f"{line(wave(i % 2, 9, rng))},{'ab'[i % 2]}" for i in range(40)]
    (tmp_path / "wide.csv").write_text(",".join([*(f"t{i}" for i in range(9)), "label"]) + "\n" + "\n".join(rows), "utf-8")
    found = looked_at(tmp_path / "wide.csv")
    assert "F-STRETCHES-ROW" in codes(found) and found.columns["series"][0].values.length == 9


def wide_table(path: Path, first: str, cell) -> Path:
    rng = np.random.default_rng(0)
    rows = [f"{cell(i)},{line(wave(i % 2, 9, rng))},{'ab'[i % 2]}" for i in range(40)]
    path.write_text(",".join([first, *(f"t{i}" for i in range(9)), "label"]) + "\n" + "\n".join(rows), "utf-8")
    return path


def test_a_name_of_each_row_is_no_step(tmp_path):
    found = looked_at(wide_table(tmp_path / "wide.csv", "id", lambda i: i + 1))
    assert {"F-STRETCHES-ROW", "F-SERIES-TEXT"} <= codes(found)
    assert found.columns["series"][0].values.length == 9 and len(found.table) == 40


def test_what_divides_rows_names_no_series(tmp_path):
    found = looked_at(wide_table(tmp_path / "wide.csv", "patient", lambda i: i // 4), group="patient")
    assert len(found.table) == 40 and found.columns["series"][0].values.length == 9
    patients = np.arange(40) // 4
    parts = [set(patients[rows].tolist()) for rows in (found.split.train, found.split.valid, found.split.test)]
    assert not parts[0] & parts[2] and not parts[0] & parts[1] and not parts[1] & parts[2]


def test_a_name_in_two_parts_is_refused(tmp_path):
    for part in ("train", "test"):
        path = long_table(tmp_path / f"{part}.csv", lambda i, t: "ab"[i % 2])
        lines = [one.split(",") for one in path.read_text("utf-8").splitlines()]
        path.write_text("\n".join(f"{name},{load},{label}" for name, _time, load, label in lines), "utf-8")
    with pytest.raises(DataError, match="F-STRETCHES-PARTS"):
        looked_at(tmp_path, series="machine")


def long_table(path: Path, labels) -> Path:
    rng = np.random.default_rng(0)
    rows = [
        f"m{i},{t},{value},{labels(i, t)}" for i in range(40) for t, value in enumerate(wave(i % 2, 20 + i % 2, rng).tolist())
    ]
    path.write_text("machine,time,load,label\n" + "\n".join(rows), "utf-8")
    return path


def test_rows_that_have_a_name_in_common_are_one_series(tmp_path):
    path = long_table(tmp_path / "long.csv", lambda i, t: "ab"[i % 2])
    found = looked_at(path)
    assert len(found.table) == 40 and {"F-STRETCHES-LENGTH", "F-SERIES-NAMED"} <= codes(found)
    assert found.columns["label"][0].strings()[:3] == ["a", "b", "a"]


def test_labels_that_change_ask_for_windows(tmp_path):
    path = long_table(tmp_path / "long.csv", lambda i, t: "ab"[t >= 10])
    with pytest.raises(DataError, match="F-STRETCHES-LABELS"):
        looked_at(path)
    found = looked_at(path, context=5, stride=1)
    assert {"F-STRETCHES-MIXED"} <= codes(found)
    columns = found.columns
    starts, whole = columns["series"][0].values.starts, columns["series"][0].values.whole
    at = whole.when[starts]
    assert (columns["label"][0].strings() == np.where(at >= 10, "b", "a")).all() and not ((at > 5) & (at < 10)).any()


def test_windows_of_one_of_many_series_stay_in_one_part(tmp_path):
    found = looked_at(long_table(tmp_path / "long.csv", lambda i, t: "ab"[i % 2]), context=5, stride=2)
    own = found.table.origin
    train, valid, test = (set(own[rows].tolist()) for rows in (found.split.train, found.split.valid, found.split.test))
    assert not train & test and not train & valid and not valid & test


# -- models, baselines, answers ------------------------------------------------------------------------------------------
def test_warping_is_the_least_over_all_ways():
    """Against the plain recursion, in the same band."""
    rng = np.random.default_rng(0)
    left, right = rng.normal(size=(2, 9, 2)), rng.normal(size=(3, 9, 2))
    band = 1

    def plain(a, b):
        best = np.full((10, 10), np.inf)
        best[0, 0] = 0
        for i in range(9):
            for j in range(max(0, i - band), min(9, i + band + 1)):
                best[i + 1, j + 1] = ((a[i] - b[j]) ** 2).sum() + min(best[i, j], best[i, j + 1], best[i + 1, j])
        return best[9, 9]

    np.testing.assert_allclose(warped(left, right), [[plain(a, b) for b in right] for a in left])
    assert shortened(np.arange(6.0).reshape(1, 6, 1), 3).ravel().tolist() == [0.5, 2.5, 4.5]


@pytest.mark.parametrize("steps", [1, 3, 50])
def test_kernels_are_odd_and_no_longer_than_the_series(steps):
    network = InceptionTime(SeriesSpec(steps, 2), width=4, depth=6, reach=40, dropout=0.0).eval()
    assert network(torch.zeros(2, steps, 2)).shape == (2, network.num_features)
    sizes = {m.kernel_size[0] for m in network.modules() if isinstance(m, torch.nn.Conv1d)}
    assert all(size % 2 and size <= max(steps, 1) for size in sizes)


def test_what_was_trained_answers_tables_arrays_and_histories_alike(run, folder):
    table = run.predict(str(folder / "waves_TEST.ts"))
    cells = sktime_ts.read(folder / "waves_TEST.ts", DataChoices()).columns
    rows = [{name: cells[name].values[at].as_py() for name in ("value1", "value2")} for at in range(4)]
    assert [told["label"] for told in run.predict(rows)] == [told["label"] for told in table[:4]]
    assert run.metrics["accuracy"] >= 0.8
    longer = {name: np.repeat(values, 2).tolist() for name, values in rows[0].items()}
    (told,) = run.predict([longer])
    assert told["label"] == table[0]["label"], "a longer series is squeezed, not cut"


def test_a_program_stretches_as_the_run_does(run, folder):
    field = run.predictor.task.input
    told = field.portable()
    cells = sktime_ts.read(folder / "waves_TEST.ts", DataChoices()).columns
    for at in (0, 1):
        value = {name: cells[name].values[at].as_py() for name in ("value1", "value2")}
        own = field.batch(field.encode(field.gather([value])), np.arange(1))[0].numpy()
        np.testing.assert_allclose(window(value, told), own, atol=1e-5)


def test_numbers_of_series_are_learned(folder, tmp_path):
    rng = np.random.default_rng(0)
    rows = [f"{line((level + rng.normal(0, 0.1, 12)).round(3))},{level:.3f}" for level in rng.normal(size=40)]
    (tmp_path / "levels.csv").write_text(",".join([*(f"t{i}" for i in range(12)), "value"]) + "\n" + "\n".join(rows), "utf-8")
    found = looked_at(tmp_path / "levels.csv", "series-regression")
    assert found.columns["value"][0].name == "value" and len(found.table) == 40


@pytest.mark.slow
def test_gun_point(tmp_path):
    """Needs the package aeon, which ships it."""
    pytest.importorskip("aeon")
    run = fukami.train("series-classification", "aeon:GunPoint", out=tmp_path / "run")
    assert run.metrics["accuracy"] >= 0.95

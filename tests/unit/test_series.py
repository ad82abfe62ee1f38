"""Series: what is read from tables, how windows are cut, divided and stored, and what is refused with its place."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from fukami.core.errors import DataError, UsageError
from fukami.core.recipe import Recipe
from fukami.core.tables import ACROSS, PARTS
from fukami.data.split import folds, split
from fukami.export.standalone.series_clock import times_after
from fukami.fields.series.clock import Clock
from fukami.fields.series.cutting import prints
from fukami.fields.series.field import Series
from fukami.fields.series.reading import Recording
from fukami.tasks.registry import contract
from fukami.training.prepare import examined

HOURS = np.arange("2024-01-01T00:00", "2024-02-01T00:00", np.timedelta64(60, "m"), dtype="datetime64[m]")


def table(path: Path, times, **columns) -> Path:
    rows = zip(*([list(times)] if times is not None else []), *columns.values(), strict=True)
    names = [*(["date"] if times is not None else []), *columns]
    path.write_text("\n".join([",".join(names), *(",".join(map(str, row)) for row in rows)]) + "\n", "utf-8")
    return path


def recipe(**settings) -> Recipe:
    found = Recipe("forecasting", task_options=contract("forecasting").options)
    return found.changed({"context": 24, "horizon": 6, **settings}, free={"past": ("columns", "past")})


def looked_at(source, **settings):
    return examined(recipe(**settings), source)


def codes(found) -> list[str]:
    return [problem.code for problem in found.problems]


def waves(count: int) -> np.ndarray:
    return np.sin(np.arange(count) * np.pi / 12).round(4)


def noise(count: int) -> np.ndarray:
    return np.random.default_rng(0).random(count).round(4)


@pytest.fixture
def hourly(tmp_path) -> Path:
    return table(tmp_path / "hourly.csv", HOURS, load=waves(len(HOURS)), heat=np.arange(len(HOURS)))


# -- windows and parts ---------------------------------------------------------------------------------------------------
def test_windows_hold_the_steps_before_and_after_a_position(hourly):
    found = looked_at(hourly, stride=5)
    past, future = found.columns["past"][0], found.columns["future"][0]
    whole = past.values.whole
    assert past.values.whole is future.values.whole and whole.values.shape == (len(HOURS), 2)
    assert (future.values.starts == past.values.starts + 24).all() and (np.diff(past.values.starts) == 5).all()
    assert past.where(0) == f"{hourly}:2 (past)" and future.where(0) == f"{hourly}:26 (future)"


def judged_rows(found, part) -> set[int]:
    rows = found.table.spans.rows[getattr(found.split, part)]
    return {step for begin, end in rows for step in range(begin, end)}


@pytest.mark.parametrize("settings", [{}, {"valid_fraction": 0.3}, {"stride": 4, "test_fraction": 0.4}])
def test_no_step_is_judged_in_two_parts(hourly, settings):
    found = looked_at(hourly, **settings)
    train, valid, test = (judged_rows(found, part) for part in PARTS)
    assert train and valid and test and not (train & valid or train & test or valid & test)
    assert max(train) < min(valid) and max(valid) < min(test)
    assert found.split.told["spans"]["rows_in_two_parts"] == 0 and found.split.told["spans"]["left_out"] > 0
    assert "F-SPLIT-ACROSS" in codes(found)


def test_the_proof_sees_steps_that_are_judged_twice(hourly):
    """The figure that has to be 0 is counted from the rows, so a division that leaks would show."""
    from fukami.data.split_proof import _shared

    spans = looked_at(hourly).table.spans
    leaking = {"train": np.array([0, 1]), "valid": np.array([3]), "test": np.array([20])}
    assert _shared(spans, leaking, np.array(["train"]))["rows_in_two_parts"] == 4


def test_shares_are_those_of_papers(hourly):
    """70, 10 and 20 percent of all rows, rounded down; the context of the first test window reaches back."""
    found = looked_at(hourly)
    total, begins = len(HOURS), found.table.spans.rows[found.split.test][:, 0]
    assert begins.min() == total - int(total * 0.2)
    assert found.table.spans.rows[found.split.valid][:, 0].min() == int(total * 0.7)


def test_parts_that_the_data_names_are_respected(tmp_path):
    parts = np.repeat(["train", "valid", "test"], [400, 144, 200])
    found = looked_at(table(tmp_path / "parts.csv", HOURS, load=waves(len(HOURS)), split=parts))
    assert found.split.method == "given" and max(judged_rows(found, "train")) == 399
    assert min(judged_rows(found, "test")) == 544 and (found.table.parts == ACROSS).sum() == 10


def test_folds_follow_each_other_and_share_no_step(hourly):
    found = looked_at(hourly)
    for fold in folds(found.table, found.columns, found.task, recipe(folds=3).data, seed=0):
        one = replace(found, split=fold)
        assert fold.told["spans"]["rows_in_two_parts"] == 0
        assert max(judged_rows(one, "train")) < min(judged_rows(one, "test"))


def test_groups_keep_whole_series_apart(tmp_path):
    names = np.repeat(list("abcdef"), 124)
    source = table(
        tmp_path / "long.csv", np.tile(HOURS[:124], 6), store=names, value=np.random.default_rng(0).random(744).round(4)
    )
    found = looked_at(source, group="store")
    whole = found.columns["past"][0].values.whole
    sides = [set(whole.series[found.columns["past"][0].values.starts[getattr(found.split, part)]]) for part in PARTS]
    assert not (sides[0] & sides[2] or sides[0] & sides[1]) and found.split.told["group"]["broken"] == 0


def test_several_series_in_one_table_are_told_apart(tmp_path):
    source = table(tmp_path / "long.csv", np.tile(HOURS[:200], 2), shop=np.repeat(["x", "y"], 200), value=np.arange(400))
    found = looked_at(source)
    whole = found.columns["past"][0].values.whole
    starts = found.columns["past"][0].values.starts
    assert whole.labels == ("x", "y") and "F-SERIES-NAMED" in codes(found)
    assert (whole.series[starts] == whole.series[starts + 29]).all()  # no window reaches from one into the other
    assert codes(looked_at(source, series="shop")).count("F-SERIES-NAMED") == 0


# -- what is mended and told ---------------------------------------------------------------------------------------------
def test_rows_are_put_in_order(tmp_path, hourly):
    order = np.random.default_rng(0).permutation(len(HOURS))
    source = table(tmp_path / "mixed.csv", HOURS[order], load=waves(len(HOURS))[order], heat=np.arange(len(HOURS))[order])
    found, right = looked_at(source), looked_at(hourly)
    assert "F-SERIES-ORDER" in codes(found)
    assert (found.columns["past"][0].values.whole.values == right.columns["past"][0].values.whole.values).all()
    assert found.columns["past"][0].where(0) == f"{source}:{np.flatnonzero(order == 0)[0] + 2} (past)"


def test_gaps_and_missing_values_take_the_value_before(tmp_path):
    kept = np.delete(np.arange(len(HOURS)), [100, 101])
    load = [str(value) for value in kept]
    load[0], load[50], load[51], load[52] = "", "", "n/a", "broken"
    found = looked_at(table(tmp_path / "gaps.csv", HOURS[kept], load=load))
    values = found.columns["past"][0].values.whole.values[:, 0]
    assert (
        len(values) == len(HOURS)
        and values[0] == 1
        and (values[49:53] == 49).all()
        and (values[99:103] == [99, 99, 99, 102]).all()
    )
    told = {problem.code: problem for problem in found.problems}
    assert told["F-SERIES-GAPS"].count == 2 and told["F-SERIES-MISSING"].count == 4
    assert told["F-SERIES-UNREADABLE"].where.endswith(":54 (load)")


def test_of_rows_with_one_time_the_last_counts(tmp_path):
    times = np.append(HOURS, HOURS[-1])
    found = looked_at(table(tmp_path / "twice.csv", times, load=np.arange(len(times))))
    assert "F-SERIES-TWICE" in codes(found) and found.columns["past"][0].values.whole.values[-1, 0] == len(HOURS)


def test_constant_and_wordy_columns_are_told(tmp_path):
    words = np.array(["a", "b", "c", "d"])[np.arange(len(HOURS)) % 4]
    source = table(
        tmp_path / "odd.csv", HOURS, load=waves(len(HOURS)), flat=np.ones(len(HOURS)), note=words, empty=[""] * len(HOURS)
    )
    found = looked_at(source)
    assert {"F-SERIES-CONSTANT", "F-SERIES-TEXT", "F-SERIES-EMPTY"} <= set(codes(found))
    assert found.columns["past"][0].values.whole.channels == ("load", "flat")


def test_a_matrix_without_names_or_times_is_read_in_its_order(tmp_path):
    path = tmp_path / "matrix.txt"
    np.savetxt(path, np.random.default_rng(0).random((300, 3)), delimiter=",")
    whole = looked_at(path).columns["past"][0].values.whole
    assert whole.clock.kind == "order" and whole.values.shape == (300, 3)


def test_an_array_from_python_is_a_series():
    assert looked_at((np.random.default_rng(0).random((300, 2)),)).columns["past"][0].values.whole.channels == ("x1", "x2")


# -- what is refused -----------------------------------------------------------------------------------------------------
def uneven(count: int) -> np.ndarray:
    return HOURS[0] + np.cumsum(np.random.default_rng(0).integers(1, 90, count)).astype("timedelta64[m]")


REFUSED = {
    "no-time": ("F-SERIES-TIME", lambda p: table(p, [*map(str, HOURS[:100]), "soon"], load=np.arange(101)), {}),
    "several": ("F-SERIES-SEVERAL", lambda p: table(p, np.tile(HOURS[:100], 2), load=np.arange(200)), {}),
    "uneven": ("F-SERIES-UNEVEN", lambda p: table(p, uneven(200).astype("datetime64[s]"), load=np.arange(200)), {}),
    "gaps": ("F-SERIES-GAPS", lambda p: table(p, [*HOURS[:50], *HOURS[500:550]], load=np.arange(100)), {}),
    "short": ("F-SERIES-SHORT", lambda p: table(p, HOURS[:20], load=np.arange(20)), {}),
    "words": ("F-SERIES-NOTHING", lambda p: table(p, HOURS[:99], load=["high", "low", "none"] * 33), {}),
    "no-column": ("F-COLUMN-NAME", lambda p: table(p, HOURS, load=np.arange(744)), {"series": "shop"}),
    "long-horizon": ("F-SPLIT-EMPTY", lambda p: table(p, HOURS, load=np.arange(744)), {"horizon": 700}),
    "empty": ("F-TABLE-EMPTY", lambda p: table(p, HOURS[:0], load=[]), {}),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_mended_is_refused(tmp_path, name):
    code, make, settings = REFUSED[name]
    source = make(tmp_path / "broken.csv")
    with pytest.raises((DataError, UsageError)) as caught:
        looked_at(source, **settings)
    assert caught.value.code == code
    if code in ("F-SERIES-TIME", "F-SERIES-UNEVEN", "F-SERIES-GAPS"):
        assert "broken.csv:" in caught.value.where  # the row is named


# -- steps of time -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("times", "after", "words"),
    [
        (["2024-01-31", "2024-02-29", "2024-03-31"], ["2024-04-30", "2024-05-31"], "month"),
        (["2024-01-15", "2024-04-15", "2024-07-15"], ["2024-10-15", "2025-01-15"], "3 months"),
        (["2024-01-04", "2024-01-05", "2024-01-08", "2024-01-09"], ["2024-01-10", "2024-01-11"], "working day"),
        (["2024-01-01", "2024-01-08", "2024-01-15"], ["2024-01-22", "2024-01-29"], "week"),
        (["2024-01-01 00:00", "2024-01-01 00:15"], ["2024-01-01 00:30:00", "2024-01-01 00:45:00"], "15 minutes"),
    ],
)
def test_times_go_on_as_they_went(tmp_path, times, after, words):
    from fukami.core.recipe import DataChoices
    from fukami.data import read
    from fukami.fields.series.reading import recording

    source = table(tmp_path / "times.csv", times, load=np.arange(len(times)))
    found = recording(list(read(source, DataChoices()).columns.values()))
    assert found.clock.words == words
    assert found.clock.told(found.clock.after(found.when[-1], 2)) == after
    assert times_after(found.when[-1], found.clock.as_dict(), 2) == after  # as exported programs have it


def test_a_season_is_found_unless_it_is_said(hourly):
    found = looked_at(hourly)
    raw = [found.columns["past"][0].take(found.split.train)]
    assert Series("past").learn(raw).state["season"] == 24
    assert replace(Series("past"), options=Series.Options(season=7)).learn(raw).state["season"] == 7


# -- the field -----------------------------------------------------------------------------------------------------------
@pytest.fixture
def learned(hourly):
    found = looked_at(hourly)
    raw = {name: [column.take(found.split.train) for column in columns] for name, columns in found.columns.items()}
    return found, {name: field.learn(raw[name]) for name, field in found.task.fields.items()}


def test_scales_are_those_of_every_step_that_trains_and_no_other(learned):
    found, fields = learned
    last = max(judged_rows(found, "train")) + 1
    values = found.columns["past"][0].values.whole.values[:last]
    for field in fields.values():
        np.testing.assert_allclose(field.state["mean"], values.mean(0))
        np.testing.assert_allclose(field.state["std"], values.std(0))


def test_series_are_stored_once_and_gathered_as_windows(learned):
    found, fields = learned
    stored = fields["past"].encode(found.columns["past"])
    assert stored["series"].values.shape == (len(HOURS), 2) and len(stored["start"]) == len(found.table)
    batch = fields["past"].batch(stored, np.array([3, 10]))
    raw = found.columns["past"][0].values.whole.values
    scaled = (raw - fields["past"].state["mean"]) / fields["past"].state["std"]
    np.testing.assert_allclose(batch[1], scaled[10:34], rtol=1e-5, atol=1e-6)


def test_answers_come_back_in_their_units_with_the_times_after_the_past(learned):
    found, fields = learned
    future = fields["future"]
    truth = future.truth(future.batch(future.encode(found.columns["future"]), np.arange(2)))
    frame = fields["past"].frame([found.columns["past"][0].take(np.arange(2))])
    told = future.restore(truth, frames={"past": frame})[1]
    assert told["times"][0] == "2024-01-02 01:00:00" and len(told["times"]) == 6
    np.testing.assert_allclose(told["forecast"]["heat"], np.arange(25, 31), rtol=1e-5)
    assert torch.allclose(future.truth(future.given(truth)), truth, atol=1e-4)


def test_bands_hold_the_share_of_validation_values_that_was_asked(learned):
    _found, fields = learned
    rng = np.random.default_rng(0)
    truth = torch.from_numpy(rng.normal(size=(2000, 6, 2)))
    settled = replace(fields["future"], options=Series.Options(band=0.6)).settled(torch.zeros_like(truth), truth)
    low, high = settled.bands(np.zeros((1, 6, 2)))
    assert ((truth.numpy() > low) & (truth.numpy() < high)).mean() == pytest.approx(0.6, abs=0.01)
    assert settled.unsettled().state == fields["future"].state and {"low", "high"} <= settled.restore(truth[:1])[0].keys()


def test_prints_tell_equal_windows_and_no_others():
    values = np.random.default_rng(0).integers(0, 2, (400, 2)).astype(float)
    found = prints(values, np.zeros(400), np.arange(395), 5)
    content = [values[start : start + 5].tobytes() for start in range(395)]
    assert len(set(content)) < 395  # some are equal
    assert all((found[i] == found[j]) == (content[i] == content[j]) for i in range(395) for j in range(i))


@pytest.mark.parametrize("form", ["mapping", "rows", "array"])
def test_histories_of_every_form_become_the_same_window(learned, form):
    _found, fields = learned
    values = np.stack([waves(60), np.arange(60.0)], 1)
    rows = [{"load": a, "heat": b} for a, b in values.tolist()]
    given = {"mapping": {"load": values[:, 0].tolist(), "heat": values[:, 1].tolist()}, "rows": rows, "array": values}[form]
    (column,) = fields["past"].gather([given])
    assert column.values.whole.values[column.values.starts[0] :].tolist() == values[-24:].tolist()


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (np.zeros((10, 2)), "F-SERIES-SHORT"),
        (np.zeros((30, 3)), "F-SERIES-GIVEN"),
        ({"load": [1.0] * 30}, "F-SERIES-CHANNEL"),
        ("tomorrow", "F-SERIES-GIVEN"),
    ],
)
def test_a_history_that_does_not_do_is_refused(learned, value, code):
    with pytest.raises(DataError) as caught:
        learned[1]["past"].gather([value])
    assert caught.value.code == code and caught.value.expected


def test_clocks_are_plain_values():
    clock = Clock("date", "month", 3.0, months=True)
    assert Clock(**clock.as_dict()) == clock


def test_units_taken_away_are_level(learned):
    found, fields = learned
    past = fields["past"]
    one = [found.columns["past"][0].take(np.array([5]))]
    batch = past.batch(past.encode(one), np.arange(1))
    units = past.units(batch, one)
    gone = np.eye(len(units), dtype=bool)[:1]
    changed = past.without(batch, units, gone)
    inside = torch.from_numpy(units.of == 0)
    assert torch.equal(changed[0][~inside], batch[0][~inside])
    assert torch.allclose(changed[0][inside], batch[0].mean(0)[0].expand(int(inside.sum())))


def test_an_empty_channel_of_one_series_makes_its_windows_unusable():
    values = np.arange(20.0)[:, None].copy()
    values[10:] = np.nan
    whole = replace(Recording.plain(values, ("a",)), series=np.repeat([0, 1], 10), labels=("x", "y"))
    from fukami.fields.series.cutting import windows

    assert Series("past").usable([windows("past", whole, np.array([0, 10]), 5)]).tolist() == [True, False]


def test_split_again_is_the_same(hourly):
    found = looked_at(hourly)
    again = split(found.table, found.columns, found.task, recipe().data, seed=5)
    assert all((getattr(again, part) == getattr(found.split, part)).all() for part in PARTS)

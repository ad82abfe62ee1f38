"""Answers beside the rows that they are given for, as files and DataFrames."""

import json
from functools import cache
from types import SimpleNamespace

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest

from fukami.answer_table import answer_frame, written
from fukami.core.beforehand import require_out
from fukami.core.errors import UsageError
from fukami.core.tables import Column
from fukami.data.writing import write
from tests.small_predictors import trained

TOWNS = ["Nara", "Kobe", "Nara", "Kobe"] * 10


@cache
def run():
    """A run that was learned from `age`, `town` and a code, as far as answers need one."""
    row = [
        Column("age", pa.array([20, 30, 40, 50] * 10)),
        Column("town", pa.array(TOWNS)),
        Column("height", pa.array([1.5, 1.75, 1.625, 1.875] * 10)),
    ]
    raw = {"row": row, "label": [Column("label", pa.array(["yes", "no", "yes", "no"] * 10))]}
    predictor, _raw = trained("tabular-classification", raw, steps=1)
    told = {"task": "tabular-classification", "fields": predictor.task.described()}
    return SimpleNamespace(predictor=predictor, told=told, path=SimpleNamespace(name="shop"))


CSV = "code,age,town,height,answer\n00501,20,Nara,1.5,a\n02134,30,Osaka,,=b\n"
NAMES = ["code", "age", "town", "height", "answer", "answer_2", "probability_no", "probability_yes", "notes"]


def out(tmp_path, name):
    (tmp_path / "new.csv").write_text(CSV)
    place = tmp_path / name
    predictions = written(run(), [str(tmp_path / "new.csv")], place)
    assert [one["input"] for one in predictions] == [f"{tmp_path / 'new.csv'}:{line}" for line in (2, 3)]
    return place, predictions


def same(rows, predictions):
    """Whether rows hold what was given and what was answered, numbers as numbers."""
    first, second = rows
    assert list(first) == NAMES
    assert (first["code"], first["age"], first["height"], second["answer"]) == ("00501", 20, 1.5, "=b")
    assert second["height"] in (None, "")
    for row, told in zip(rows, predictions, strict=True):
        assert row["answer_2"] == told["label"] and row["probability_no"] == pytest.approx(told["scores"]["no"])
    assert not first["notes"] and "Osaka" in second["notes"]


def test_a_sheet(tmp_path):
    place, predictions = out(tmp_path, "answers.xlsx")
    names, *rows = openpyxl.load_workbook(place).active.iter_rows()
    assert rows[1][4].data_type == "s" and rows[0][1].data_type == "n"  # no formula; a number
    same([dict(zip([n.value for n in names], [c.value for c in row], strict=True)) for row in rows], predictions)


def test_parquet_and_json_lines(tmp_path):
    place, predictions = out(tmp_path, "deep/answers.parquet")
    table = pyarrow.parquet.read_table(place)
    assert table.schema.field("age").type == pa.int64()
    same(table.to_pylist(), predictions)
    place, predictions = out(tmp_path, "answers.JSONL")
    same([json.loads(line) for line in place.read_text().splitlines()], predictions)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["answers.JSONL", "deep", "new.csv"]


def test_a_text_table_keeps_what_was_written(tmp_path):
    place, predictions = out(tmp_path, "answers.csv")
    lines = place.read_text().splitlines()
    assert lines[0] == ",".join(NAMES) and lines[1].startswith("00501,20,Nara,1.5,a,")
    frame = pd.read_csv(place, dtype={"code": str})
    same(frame.astype(object).where(frame.notna(), None).to_dict("records"), predictions)
    place.write_text("x")
    (tmp_path / "new.csv").write_text(CSV.replace("Osaka", "大阪"))
    written(run(), [str(tmp_path / "new.csv")], place)
    assert place.read_bytes().startswith("\ufeffcode".encode()) and "大阪" in place.read_text("utf-8-sig")


def test_a_frame_comes_back_with_its_index_and_types():
    frame = pd.DataFrame(
        {"age": pd.array([20, 30], "Int64"), "town": pd.Categorical(["Nara", "Kobe"]), "height": [1.5, 1.7]}, index=["x", "y"]
    )
    found = answer_frame(run(), frame)
    pd.testing.assert_frame_equal(found[list(frame)], frame)
    assert list(found.columns[3:]) == ["answer", "probability_no", "probability_yes", "notes"]
    assert found["probability_yes"].dtype == float and "answer" not in frame


def test_records_and_what_is_none_have_their_places(tmp_path):
    row = {"age": 20, "town": "Nara", "height": 1.5}
    predictions = written(run(), [row, {}, row], tmp_path / "a.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text().splitlines()]
    assert [one["age"] for one in rows] == [20, None, 20]
    assert "F-ROW-INPUT" in rows[1]["notes"] and rows[1]["answer"] is None and predictions[1]["error"]["code"] == "F-ROW-INPUT"


def test_answers_that_are_no_pictures_are_not_lost_in_a_folder(tmp_path, capsys):
    written(run(), [{"age": 20, "town": "Nara", "height": 1.5}], tmp_path / "folder")
    assert "F-OUT-NOTHING" in capsys.readouterr().err and not (tmp_path / "folder").exists()


@pytest.mark.parametrize("name", ["a.xls", "a.ODS", "a.json", "a.txt"])
def test_other_forms_are_refused(name):
    with pytest.raises(UsageError, match="F-OUT-KIND") as told:
        require_out(name)
    assert told.value.fix == "--out a.csv"


def test_answers_do_not_take_the_place_of_what_they_answer(tmp_path):
    (tmp_path / "new.csv").write_text(CSV)
    with pytest.raises(UsageError, match="F-OUT-INPUT"):
        require_out(tmp_path / "new.csv", [str(tmp_path / "new.csv")])
    require_out(tmp_path / "pictures", [str(tmp_path / "new.csv")])


def test_numbers_that_a_sheet_would_round_and_texts_that_it_would_cut_are_not_damaged_in_silence(tmp_path):
    write({"id": [1234567890123456789, None], "text": ["x" * 40_000, "y"]}, tmp_path / "a.xlsx")
    cells = [row[0].value for row in openpyxl.load_workbook(tmp_path / "a.xlsx").active.iter_rows(min_row=2)]
    assert cells == ["1234567890123456789", None]
    write({"id": [10**20, None]}, tmp_path / "a.parquet")
    assert pyarrow.parquet.read_table(tmp_path / "a.parquet")["id"].to_pylist() == [str(10**20), None]

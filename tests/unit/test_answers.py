"""Inputs as people hand them over."""

from types import SimpleNamespace

import pandas as pd
import pyarrow as pa
import pytest

from fukami.answers import as_single, from_json, from_table, gathered, require_usable, spread, tell_unfamiliar
from fukami.core.errors import DataError
from fukami.core.recipe import DataChoices
from fukami.core.tables import Column
from fukami.tasks.registry import contract


@pytest.mark.parametrize("given", ['{"text": "A fine film."}', {"text": "A fine film.", "id": 3}, "A fine film."])
def test_an_object_that_names_the_input_stands_for_what_it_holds(given):
    assert as_single(given, contract("text-classification")) == "A fine film."


def test_text_that_happens_to_be_json_stays_text():
    assert as_single('{"age": 3}', contract("text-classification")) == '{"age": 3}'


def test_rows_are_objects():
    task = contract("tabular-classification")
    assert as_single('{"row": 3}', task) == {"row": 3}
    assert from_json('{"age": 3}\n{"age": 4}', task) == [{"age": 3}, {"age": 4}]


def test_what_the_training_did_not_know_is_told_on_standard_error(capsys):
    task = contract("tabular-classification")
    row = task.fields["row"].learn([Column("town", pa.array(["Nara", "Kyoto", "Nara"])), Column("age", pa.array([3, 4, 5]))])
    task = task.with_fields({**task.fields, "row": row})
    tell_unfamiliar(task, {"row": row.gather([{"town": "Osaka", "age": 3}, {"town": "Nara", "age": None}])})
    told = capsys.readouterr()
    assert told.out == "" and told.err.startswith("F-COLUMN-UNKNOWN") and "town" in told.err and "Osaka" in told.err
    tell_unfamiliar(task, {"row": row.gather([{"town": "Kyoto", "age": 3}])})
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("given", "place"), [(["good", "", "bad"], "input 2"), ([" \n"], "input 1"), (["good", "\u200b"], r"\u200b")]
)
def test_an_empty_text_among_others_is_named(given, place):
    task = contract("text-classification")
    names, columns = gathered(task, [(value, value) for value in given])
    with pytest.raises(DataError) as told:
        require_usable(task, columns, names)
    assert (told.value.code, told.value.what) == ("F-TEXT-EMPTY", "the text is empty")
    assert told.value.where == place and "leave this input out" in told.value.fix


def test_inputs_are_counted_over_all_that_is_given():
    task = contract("text-classification")
    with pytest.raises(DataError) as told:
        require_usable(task, *reversed(gathered(task, [("", "")])), before=4)
    assert told.value.where == "input 5"


def test_rows_of_a_frame_have_numbers_and_those_of_a_file_places(tmp_path):
    task = contract("text-classification")
    run = SimpleNamespace(predictor=SimpleNamespace(task=task, recipe=SimpleNamespace(data=DataChoices())))
    assert from_table(run, pd.DataFrame({"text": ["a film", "a play"]}), "")[0] == ["[0]", "[1]"]
    (tmp_path / "a.csv").write_text("text\na film\n")
    assert from_table(run, tmp_path / "a.csv", "a.csv")[0] == ["a.csv:2"]


def touched(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")
    return folder


def test_a_folder_stands_for_its_files_and_others_are_told(tmp_path, capsys):
    folder = touched(tmp_path / ".cache" / "photos", "b.png", "a/c.JPG", "notes.txt", ".DS_Store", ".hidden/d.png")
    found = list(spread(contract("image-classification"), ["x.png", str(folder), folder]))
    assert found == ["x.png", *[str(folder / name) for name in ("a/c.JPG", "b.png")] * 2]
    told = capsys.readouterr().err
    assert "F-INPUT-OTHER  1 file is of another kind" in told and "notes.txt" in told


def test_a_folder_of_tables_and_of_texts(tmp_path, capsys):
    folder = touched(tmp_path, "a.csv", "b.jsonl.gz", "c.txt")
    assert list(spread(contract("tabular-regression"), [folder])) == [str(folder / "a.csv"), str(folder / "b.jsonl.gz")]
    assert list(spread(contract("text-classification"), [folder])) == [str(folder / "c.txt")]
    assert "2 files are of another kind" in capsys.readouterr().err


def test_a_folder_without_any_input_is_named(tmp_path):
    with pytest.raises(DataError, match="F-INPUT-FOLDER") as told:
        list(spread(contract("image-classification"), [touched(tmp_path, "a.txt")]))
    assert told.value.where == str(tmp_path)


@pytest.mark.parametrize("text", ["", "a film\n" * 400, "nul \0 byte"])
def test_a_text_is_no_folder(text):
    assert list(spread(contract("text-classification"), [text])) == [text]

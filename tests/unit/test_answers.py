"""Inputs as people hand them over."""

import multiprocessing
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import torch
from PIL import Image

from fukami.answers import as_single, from_json, from_table, predict_inputs, require_usable, spread, tell_unfamiliar, together
from fukami.core.errors import DataError
from fukami.core.recipe import DataChoices
from fukami.core.tables import Column
from fukami.tasks.registry import contract
from tests.small_predictors import small_predictor


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
    (group,) = together(task, [(value, value) for value in given])
    with pytest.raises(DataError) as told:
        require_usable(task, group)
    assert (told.value.code, told.value.what) == ("F-TEXT-EMPTY", "the text is empty")
    assert told.value.where == place and "leave this input out" in told.value.fix


def test_inputs_are_counted_over_all_that_is_given():
    task = contract("text-classification")
    with pytest.raises(DataError) as told:
        require_usable(task, *together(task, [("", "")]), before=4)
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


def opened(task):
    """A run as far as answers need one."""
    predictor, raw = small_predictor(task, steps=1)
    return SimpleNamespace(predictor=predictor, told={"task": task, "fields": predictor.task.described()}), raw


def told(run, *inputs):
    """The code of its error, or "" where it was answered, for each input."""
    predictions = predict_inputs(run, inputs)
    assert all(("error" in one) != ("label" in one) for one in predictions)
    return {one["input"]: one.get("error", {}).get("code", "") for one in predictions}


def test_pictures_are_answered_beside_those_that_cannot_be(tmp_path):
    run, _raw = opened("image-classification")
    for name in "abcde":
        Image.new("RGB", (8, 8), "red").save(tmp_path / f"{name}.png")
    whole = (tmp_path / "a.png").read_bytes()
    (tmp_path / "c.png").write_bytes(whole[:40])
    found = told(run, str(tmp_path))
    assert [Path(name).stem for name in found] == list("abcde")
    assert {Path(name).stem for name, code in found.items() if code} == {"c"}
    found = told(run, str(tmp_path / "a.png"), str(tmp_path / "none.png"), str(tmp_path / "x.csv"))
    assert list(found.values()) == ["", "F-INPUT-MISSING", "F-INPUT-MISSING"]
    with pytest.raises(DataError, match="F-IMAGE"):
        predict_inputs(run, [str(tmp_path / "c.png")])  # there is no other to be answered


def test_an_array_that_is_no_picture_does_not_cost_the_others_their_answers():
    run, _raw = opened("image-classification")
    picture = np.zeros((8, 8, 3), np.uint8)
    assert list(told(run, picture, np.zeros(3), picture).values()) == ["", "F-IMAGE-SHAPE", ""]


def test_texts_of_a_table_are_answered_beside_an_empty_one(tmp_path):
    run, _raw = opened("text-classification")
    (tmp_path / "new.csv").write_text("id,text\n1,the sun\n2,\n3,the moon\n")
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    table, other = str(tmp_path / "new.csv"), str(tmp_path / "other.csv")
    found = predict_inputs(run, [table, "the tree", other, {"x": 1}])
    assert [one["input"] for one in found] == [*(f"{table}:{line}" for line in (2, 3, 4)), "the tree", other, {"x": 1}]
    assert [one.get("error", {}).get("code", "") for one in found] == [
        "",
        "F-TEXT-EMPTY",
        "",
        "",
        "F-BIND-NOTHING",
        "F-TEXT-INPUT",
    ]
    assert found[1]["error"] == {
        "code": "F-TEXT-EMPTY",
        "what": "the text is empty",
        "where": f"{table}:3",
        "fix": "fill it in or leave the row out",
    }


def test_rows_are_answered_beside_what_is_none():
    run, raw = opened("tabular-classification")
    row = {column.name: column.values[0].as_py() for column in raw}
    found = predict_inputs(run, [row, [1, 2], row, {}])
    assert [one.get("error", {}).get("code", "") for one in found] == ["", "F-ROW-INPUT", "", "F-ROW-INPUT"]
    assert found[0]["scores"] == found[2]["scores"] == predict_inputs(run, [row])[0]["scores"]


def test_a_forked_process_answers():
    """As those of `gunicorn --preload` are, whose parent has answered before."""
    run, raw = opened("tabular-classification")
    row = {column.name: column.values[0].as_py() for column in raw}
    before, forking = torch.get_num_threads(), multiprocessing.get_context("fork")
    ours, theirs = forking.Pipe()

    def asked():
        torch.ones(1 << 20).sum()  # by several threads, which a forked process does not have
        return predict_inputs(run, [row])

    torch.set_num_threads(2)
    child = forking.Process(target=lambda: theirs.send(asked()))
    try:
        told = asked()
        child.start()
        assert ours.poll(60) and ours.recv() == told
    finally:
        child.kill()
        torch.set_num_threads(before)

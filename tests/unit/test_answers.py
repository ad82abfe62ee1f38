"""Inputs as people hand them over."""

import pyarrow as pa
import pytest

from fukami.answers import as_single, from_json, tell_unfamiliar
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

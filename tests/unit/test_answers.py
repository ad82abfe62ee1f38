"""Inputs as people hand them over."""

import pytest

from fukami.answers import as_single, from_json
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

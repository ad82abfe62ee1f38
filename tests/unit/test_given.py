"""What a person hands over as an input, however hostile: taken, or refused in one message."""

import math
import os
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from fukami.answers import as_single, from_json, from_stream, gathered
from fukami.core.errors import DataError, RunError, on_one_line
from fukami.core.given import parsed, settled
from fukami.tasks.registry import contract

TASKS = ("image-classification", "text-classification", "tabular-classification")


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("given", "expected"),
    [(10**400, math.inf), (-(10**400), -math.inf), (2**63, 2.0**63), (2**63 - 1, 2**63 - 1), (True, True), ((1, 2), [1, 2])],
)
def test_numbers_beyond_64_bits_become_floats(given, expected):
    assert settled({"n": [given]}) == {"n": [expected]} and type(settled(given)) is type(expected)


@pytest.mark.parametrize("text", ["1" * 19, "-" + "1" * 19, "1" * 400, "1" * 6000])
def test_whole_numbers_of_json_of_any_length_are_read(text):
    assert float(parsed(text)) == float(text)


@pytest.mark.parametrize("given", ["\ud800", {"a": "x\udcff"}, {"\ud800": 1}, [["\udfff"]]])
def test_halves_of_characters_are_refused(given):
    with pytest.raises(DataError, match="F-INPUT-UNICODE") as refused:
        settled(given)
    str(refused.value).encode()  # the message itself can be printed


def test_a_file_whose_name_is_no_text_is_read(tmp_path):
    name = os.fsencode(tmp_path) + b"/bad\xff.png"
    try:
        with open(name, "wb") as file:  # noqa: PTH123 - pathlib takes no bytes
            file.write(b"content")
    except OSError:
        pytest.skip("this file system takes Unicode alone")
    assert settled(os.fsdecode(name)) == b"content"


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 50_000, "[" * 100_000 + "]" * 100_000])
def test_json_without_end_is_refused(text):
    with pytest.raises(DataError, match="F-INPUT-NESTED"):
        parsed(text)
    with pytest.raises(DataError, match="F-INPUT-NESTED"):
        from_json(text, contract("text-classification"))


def test_lists_in_lists_without_end_are_refused():
    assert settled(nested(10)) == nested(10)
    with pytest.raises(DataError, match="F-INPUT-NESTED"):
        settled(nested(100_000))


NUMBERS = [True, 3.5, math.nan, 10**400]
TEXTS = ["\ud800", "\0", "x" * 100_000, b"", b"\xff\xfe\0"]
HOSTILE = [None, *NUMBERS, *TEXTS, {}, {"x": 1}, [1, 2], object(), nested(3)]


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("given", HOSTILE, ids=lambda given: type(given).__name__)
def test_whatever_is_handed_over_becomes_columns_or_is_refused(task, given):
    task = contract(task)
    try:
        _names, columns = gathered(task, [("it", as_single(given, task))])
        usable = task.input.usable(columns[task.input.name])
        assert len(usable) == 1
    except (DataError, RunError) as refused:
        str(refused).encode()


@pytest.mark.parametrize("given", [[1, 2], {"x": 1}, object(), b"\0\1", np.array(["a"])])
def test_what_is_no_text_is_not_answered_as_one(given):
    with pytest.raises(DataError, match="F-TEXT-INPUT"):
        contract("text-classification").input.gather([given])


def test_closed_standard_input_is_empty(monkeypatch):
    from fukami.answers import as_many
    from fukami.core.errors import UsageError

    run: Any = SimpleNamespace(predictor=SimpleNamespace(task=contract("text-classification")))
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(UsageError, match="F-INPUT-EMPTY"):
        as_many(run, "-")
    with pytest.raises(UsageError, match="F-INPUT-EMPTY"):
        from_stream(run, b" \n")


def test_a_name_cannot_break_a_message():
    told = str(DataError("F-X", "odd", where="a\nb\x1b[31m.png"))
    assert told.count("\n") == 1 and "\x1b" not in told
    assert on_one_line("深み 😀.png") == "深み 😀.png"

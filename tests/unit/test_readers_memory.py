"""Data from Python: tuples, dictionaries, lists, DataFrames, bunches, tensors, pictures."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import torch
from PIL import Image
from sklearn.datasets import load_digits, load_iris

from fukami.core.errors import DataError
from fukami.core.recipe import DataChoices
from fukami.core.tables import Table
from fukami.data import read


def made(source, *kinds: str) -> Table:
    return read(source, DataChoices(), kinds=kinds)


@pytest.mark.parametrize(
    "x",
    [np.zeros((3, 8, 8), np.uint8), np.zeros((3, 8, 8, 3)), torch.zeros(3, 1, 8, 8), [[[0] * 8] * 8] * 3],
    ids=["grey", "colour", "tensor", "lists"],
)
def test_arrays_of_pictures(x):
    found = made((x, [0, 1, 1]), "image")
    assert found.columns["x"].is_array and len(found) == 3
    assert found.hints == {"image": "x", "target": "target"}


def test_pictures_of_several_sizes():
    found = made(([Image.new("L", (4, 4)), Image.new("RGBA", (5, 6))], ["a", "b"]), "image")
    assert [cell[:4] for cell in found.columns["x"].values.to_pylist()] == [b"\x89PNG"] * 2


def test_a_matrix_of_rows():
    found = made((np.arange(6.0).reshape(3, 2), np.array([0.5, 1.5, 2.5])), "row")
    assert list(found.columns) == ["x1", "x2", "target"] and found.hints == {"target": "target"}
    mixed = made(([[1, "a"], [2, "b"]], [0, 1]), "row")
    assert mixed.columns["x1"].values.type == pa.int64() and mixed.columns["x2"].values.type == pa.string()


def test_texts():
    found = made((["one", "two"], pd.Series(["a", "b"], name="mood")), "text")
    assert found.hints == {"text": "x", "target": "mood"} and found.columns["x"].strings() == ["one", "two"]


def test_dictionaries_and_records():
    columns = made({"age": [31, None], "tags": [["a"], ["b", "c"]]}, "row")
    assert columns.columns["age"].values.to_pylist() == [31, None]
    records = made([{"text": "a", "label": 1}, {"text": "b"}], "text")
    assert records.columns["label"].values.to_pylist() == [1, None]


def test_dataframes_of_pandas():
    frame = pd.DataFrame(
        {
            "n": [1.5, None],
            "word": ["x", None],
            "kind": pd.Categorical(["u", "v"]),
            "day": pd.to_datetime(["2024-01-01", None]),
            7: [True, False],
        }
    )
    found = made(frame, "row")
    assert list(found.columns) == ["n", "word", "kind", "day", "7"]
    assert [c.values.null_count for c in found.columns.values()] == [1, 1, 0, 1, 0]
    assert found.columns["kind"].strings() == ["u", "v"]
    pair = made((frame[["n"]], frame["kind"]), "row")
    assert list(pair.columns) == ["n", "kind"] and pair.hints == {"target": "kind"}
    assert made(pa.table({"a": [1, 2]}), "row").columns["a"].values.to_pylist() == [1, 2]


def test_bunches_of_scikit_learn():
    rows = made(load_iris(), "row")
    assert next(iter(rows.columns)) == "sepal length (cm)" and set(rows.columns["target"].strings()) == {
        "setosa",
        "versicolor",
        "virginica",
    }
    assert len(made(load_iris(as_frame=True), "row").columns) == 5
    assert made(load_digits(), "image").columns["x"].values.shape == (1797, 8, 8)


def test_parts_by_name():
    found = made({"train": (["a", "b"], [0, 1]), "val": (["c"], [1])}, "text")
    assert found.parts.tolist() == ["train", "train", "valid"] and found.columns["x"].strings() == ["a", "b", "c"]


def test_a_table_stays_itself():
    table = made({"a": [1]}, "row")
    assert made(table, "row") is table


@pytest.mark.parametrize(
    ("source", "code"),
    [
        (object(), "F-DATA-OBJECT"),
        (3, "F-DATA-OBJECT"),
        ((np.zeros((3, 2)), [0, 1]), "F-DATA-LENGTHS"),
        (([], []), "F-DATA-EMPTY"),
        (([1, 2], 3), "F-DATA-OBJECT"),
        ({"a": [1, 2], "b": [1]}, "F-DATA-LENGTHS"),
    ],
)
def test_what_cannot_be_data_says_so(source, code):
    with pytest.raises(DataError) as caught:
        made(source, "row")
    assert caught.value.code == code


FRAME = pd.DataFrame({"a": [1.0, 2.0, 3.0, 4.0], "b": [0, 1, 0, 1]}, index=[10, 11, 12, 13])


@pytest.mark.parametrize(
    "labels, told",
    [
        (pd.Series(["w", "x", "y", "z"], index=[13, 12, 11, 10]), "y.loc[x.index]"),
        (pd.Series(["w", "x", "y", "z"], index=[12, 13, 14, 10]), "join"),
        (pd.Series(["w", "x", "y", "z"], index=[10, 11, 12, 13]), ""),
        (pd.Series(["w", "x", "y", "z"]), ""),
        (["w", "x", "y", "z"], ""),
        (pd.DataFrame({"y": ["w", "x", "y", "z"]}, index=[13, 12, 11, 10])["y"], "y.loc[x.index]"),
    ],
)
def test_indexes_in_another_order_are_told(labels, told):
    found = made((FRAME, labels), "row")
    assert [(p.code, told in p.fix) for p in found.problems] == ([("F-DATA-INDEX", True)] if told else [])


def test_inputs_and_labels_of_different_lengths_are_both_named():
    for x in (np.zeros((5, 9)), pd.DataFrame(np.zeros((5, 9))).add_prefix("x")):
        with pytest.raises(DataError, match="F-DATA-LENGTHS") as caught:
            made((x, pd.Series([0, 1, 0, 1], name="mood")), "row")
        assert "mood: 4" in caught.value.got and ": 5" in caught.value.got

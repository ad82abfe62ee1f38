"""Labels, sets of labels and numbers as people write them."""

import numpy as np
import pyarrow as pa
import pytest
import torch

from fukami.core.errors import DataError
from fukami.core.tables import Column
from fukami.fields.categories.field import Categories
from fukami.fields.category.field import Category
from fukami.fields.number.field import Number


def column(cells, name="y") -> Column:
    return Column(name, cells if isinstance(cells, np.ndarray) else pa.array(cells), file="a.csv")


def codes(field, cells) -> dict[str, str]:
    return {p.code: p.severity for p in field.check([column(cells)])}


@pytest.mark.parametrize(
    "cells, classes",
    [
        (["b", "a", "a"], ["a", "b"]),
        ([10, 9, 2], ["2", "9", "10"]),
        ([1.0, 0.0, 1.0], ["0", "1"]),
        (["10", "9", "-1"], ["-1", "9", "10"]),
        ([True, False], ["false", "true"]),
        ([0.5, None, 1.5], ["0.5", "1.5"]),
        (np.array([3, 1, 2], np.uint8), ["1", "2", "3"]),
        (np.array(["x", None, 3], dtype=object), ["3", "x"]),
        (pa.array(["u", "v", None]).dictionary_encode(), ["u", "v"]),
    ],
)
def test_class_names_and_their_order(cells, classes):
    assert Category().learn([column(cells)]).state["classes"] == classes


def test_the_positive_class_can_be_named():
    field = Category(options=Category.Options(positive="no")).learn([column(["no", "yes", "yes"])])
    assert field.state == {"classes": ["yes", "no"], "counts": [2, 1]}
    with pytest.raises(DataError, match="F-CATEGORY-POSITIVE"):
        Category(options=Category.Options(positive="nope")).learn([column(["no", "yes"])])


def test_missing_and_unknown_labels_are_not_usable():
    field = Category().learn([column(["a", "b", None, ""])])
    assert field.usable([column(["a", "c", None, " "])]).tolist() == [True, False, False, False]
    with pytest.raises(DataError, match=r"a\.csv:2"):
        field.encode([column(["a", "c"])])


def test_what_the_doctor_says_of_labels():
    assert codes(Category(), ["a"] * 9) == {"F-CATEGORY-ONE-CLASS": "error"}
    assert codes(Category(), [None, None]) == {"F-CATEGORY-MISSING": "error"}
    assert codes(Category(), [f"id{i}" for i in range(50)]) == {"F-CATEGORY-UNIQUE": "error"}
    found = codes(Category(), ["cat"] * 300 + ["Cat "] * 5 + ["dog"] * 300 + ["emu"] + [None])
    assert found.keys() == {
        "F-CATEGORY-MISSING",
        "F-CATEGORY-SINGLE",
        "F-CATEGORY-FEW",
        "F-CATEGORY-UNEVEN",
        "F-CATEGORY-ALIKE",
    }
    assert codes(Category(), ["a"] * 100 + ["b"] * 100) == {}


@pytest.mark.parametrize(("few", "told"), [(1, "1 class has fewer"), (2, "2 classes have fewer")])
def test_one_class_is_one(few, told):
    labels = ["a"] * 100 + [f"rare{i}" for i in range(few)] * 2
    assert told in " ".join(str(p.what) for p in Category().check([column(labels)]) if p.code == "F-CATEGORY-FEW")


def test_numbers_as_people_write_them():
    values, _bad = Number()._values(column(["1,234.5", " 7 ", "1e3", "-0.0", "", "x", "inf"]))
    np.testing.assert_array_equal(values[:4], [1234.5, 7, 1000, 0])
    usable = Number().usable([column(["1", "", "x", "inf", "-inf", "nan", "1e31"])])
    assert usable.tolist() == [True] + 6 * [False]


def test_decimal_commas_are_seen_and_remembered():
    field = Number().learn([column(["3,5", "4,25", "1,75"])])
    assert field.state["reading"]["decimal"] == "," and field.encode([column(["2,5"])])["value"].tolist() == [2.5]


def test_what_the_doctor_says_of_numbers():
    assert codes(Number(), [5.0] * 9) == {"F-NUMBER-CONSTANT": "error"}
    assert codes(Number(), ["a", "b"]) == {"F-NUMBER-MISSING": "error"}
    assert codes(Number(), ["1", "2", "x", None]) == {"F-NUMBER-MISSING": "warning", "F-NUMBER-UNREADABLE": "warning"}
    assert codes(Number(), [*np.arange(100.0), 1e9]) == {"F-NUMBER-FAR": "note"}
    assert codes(Number(), [*np.arange(100.0), float("inf")]) == {"F-NUMBER-UNREADABLE": "warning"}


def test_large_numbers_keep_their_precision():
    cells = 1.7e9 + np.arange(10.0)
    field = Number().learn([column(cells)])
    back = field.from_unit(field.batch(field.encode([column(cells)]), np.arange(10)))
    np.testing.assert_allclose(back.numpy(), cells, atol=1e-3)


def test_negative_zero_is_zero_to_fingerprints():
    a, b, c = Number().fingerprint([column([0.0, -0.0, 1.0])])
    assert a == b != c


@pytest.mark.parametrize(
    "cells",
    [
        [["sun", "sea"], ["sea"], []],
        ["sun;sea", "sea", ""],
        ["sea | sun", " sea ", ""],
        ["['sun', 'sea']".replace(",", ";"), "sea", "[]"],
        np.array([["sun", "sea"], ["sea"], []], dtype=object),
    ],
)
def test_sets_of_labels_in_every_form(cells):
    field = Categories().learn([column(cells)])
    assert field.state["classes"] == ["sea", "sun"]
    assert field.encode([column(cells)])["truths"].tolist() == [[1, 1], [1, 0], [0, 0]]


def test_indicator_arrays_are_sets_of_labels():
    truths = np.array([[1, 0, 1], [0, 1, 0]])
    field = Categories().learn([column(truths)])
    np.testing.assert_array_equal(field.encode([column(truths)])["truths"], truths)


def test_missing_sets_are_not_empty_ones():
    assert Categories().usable([column(["a", "", None])]).tolist() == [True, True, False]
    assert codes(Categories(), ["a;b", "a;b"])["F-CATEGORIES-CONSTANT"] == "error"


def test_answers_above_the_threshold_are_the_labels():
    field = Categories().learn([column(["a;b", "c"])])
    (answer,) = field.restore(torch.tensor([[0.9, 0.4, 0.5]]))
    assert answer["labels"] == ["a", "c"] and set(answer["scores"]) == {"a", "b", "c"}


def test_the_rarest_class_of_each_example_is_known():
    one = Category(state={"classes": ["a", "b"], "counts": [9, 1]})
    assert one.rarest(torch.tensor([0, 1])).tolist() == [0, 1]
    several = Categories(state={"classes": ["a", "b", "c"], "counts": [9, 1, 5]})
    assert several.rarest(torch.tensor([[1.0, 1, 1], [1, 0, 1], [0, 0, 0]])).tolist() == [1, 2, -1]
    assert Number(state={}).rarest(torch.zeros(2)).tolist() == [-1, -1]

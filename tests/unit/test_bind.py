"""Which column feeds which field."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from fukami.core.errors import DataError, FukamiError, UsageError, quoted
from fukami.core.recipe import DataChoices
from fukami.data import read
from fukami.data.bind import bind, remarks
from fukami.fields.category.field import Category
from fukami.fields.image.field import Image
from fukami.fields.number.field import Number
from fukami.fields.row.field import Row
from fukami.fields.text.field import Text
from fukami.tasks.contract import Task

KINDS = {
    "pictures": (Image(name="image"), Category(name="label")),
    "texts": (Text(name="text"), Category(name="label")),
    "rows": (Row(name="row"), Category(name="label")),
    "numbers": (Row(name="row"), Number(name="value")),
}


def task(kind: str) -> Task:
    one, target = KINDS[kind]
    parts = {"card": SimpleNamespace(optional=()), "head": None, "objective": None}
    return Task(inputs={one.name: one}, targets={target.name: target}, **parts)  # type: ignore[arg-type]


def bound(kind: str, data: dict[str, list], *, with_targets: bool = True, **choices) -> dict[str, list[str]]:
    asked = task(kind)
    table = read(data, DataChoices(), kinds=tuple(asked.inputs))
    found = bind(table, asked, DataChoices(**choices), with_targets=with_targets)
    return {name: [column.name for column in some] for name, some in found.items()}


PATHS = ["a/1.jpg", "a/2.jpg", "b/3.jpg", "b/4.jpg"]
TEXTS = ["a very fine film indeed", "what a waste of my time", "so good I saw it twice", "never again, thank you"]
CLASSES = ["x", "y", "x", "y"]
NUMBERS = [1.5, 2.25, 3.5, 4.75]


@pytest.mark.parametrize(
    ("kind", "columns", "expected"),
    [
        ("pictures", {"path": PATHS, "label": CLASSES}, {"image": ["path"], "label": ["label"]}),
        ("pictures", {"id": [1, 2, 3, 4], "file": PATHS, "class": CLASSES}, {"image": ["file"], "label": ["class"]}),
        ("pictures", {"where": PATHS, "what": CLASSES}, {"image": ["where"], "label": ["what"]}),
        ("pictures", {"画像": PATHS, "分類": CLASSES}, {"image": ["画像"], "label": ["分類"]}),
        ("texts", {"Sentence": TEXTS, "Sentiment": [0, 1, 0, 1]}, {"text": ["Sentence"], "label": ["Sentiment"]}),
        ("texts", {"本文": TEXTS, "正解": CLASSES}, {"text": ["本文"], "label": ["正解"]}),
        ("texts", {"column1": TEXTS, "column2": ["0", "1", "0", "1"]}, {"text": ["column1"], "label": ["column2"]}),
        ("texts", {"column1": ["0", "1", "0", "1"], "column2": TEXTS}, {"text": ["column2"], "label": ["column1"]}),
        ("texts", {"text": TEXTS, "title": TEXTS, "label": CLASSES}, {"text": ["text"], "label": ["label"]}),
        ("rows", {"a": NUMBERS, "class": CLASSES, "b": NUMBERS}, {"row": ["a", "b"], "label": ["class"]}),
        ("rows", {"survived": [0, 1, 0, 1], "age": NUMBERS, "port": CLASSES}, {"row": ["age", "port"], "label": ["survived"]}),
        ("rows", {"a": NUMBERS, "b": CLASSES, "c": CLASSES}, {"row": ["a", "b"], "label": ["c"]}),
        ("numbers", {"a": CLASSES, "Sale Price": NUMBERS, "b": NUMBERS}, {"row": ["a", "b"], "value": ["Sale Price"]}),
        ("numbers", {"a": CLASSES, "b": NUMBERS}, {"row": ["a"], "value": ["b"]}),
        ("numbers", {"b": NUMBERS, "a": CLASSES}, {"row": ["a"], "value": ["b"]}),
    ],
)
def test_usual_tables(kind, columns, expected):
    assert bound(kind, columns) == expected


def test_what_the_user_names_goes_first():
    columns = {"a": NUMBERS, "label": CLASSES, "b": CLASSES}
    assert bound("rows", columns, columns={"target": "b"}) == {"row": ["a", "label"], "label": ["b"]}
    assert bound("rows", columns, columns={"label": "b"}) == {"row": ["a", "label"], "label": ["b"]}
    assert bound("rows", columns, columns={"target": "b", "row": "a"}) == {"row": ["a"], "label": ["b"]}
    assert bound("rows", columns, columns={"input": "a, b"}) == {"row": ["a", "b"], "label": ["label"]}
    assert bound("texts", {"label": TEXTS, "text": CLASSES}, columns={"text": "label", "target": "text"}) == {
        "text": ["label"],
        "label": ["text"],
    }


def test_columns_that_are_set_aside_are_no_inputs():
    columns = {"patient": [1, 1, 2, 2], "day": NUMBERS, "a": NUMBERS, "note": TEXTS, "sex": CLASSES, "label": CLASSES}
    chosen = bound("rows", columns, group="patient", time="day", ignore=["note"], groups=["sex"])
    assert chosen == {"row": ["a", "sex"], "label": ["label"]}


@pytest.mark.parametrize(
    ("kind", "columns", "code", "fix"),
    [
        ("rows", {"a": NUMBERS, "class": CLASSES, "target": CLASSES}, "F-BIND-AMBIGUOUS", "--set target=class"),
        ("pictures", {"path": PATHS, "one": CLASSES, "two": CLASSES}, "F-BIND-AMBIGUOUS", "--set target=one"),
        ("pictures", {"here": PATHS, "there": PATHS, "label": CLASSES}, "F-BIND-AMBIGUOUS", "--set image=here"),
        ("numbers", {"a": NUMBERS, "b": NUMBERS, "c": CLASSES}, "F-BIND-AMBIGUOUS", "--set target=a"),
        ("numbers", {"a": CLASSES, "b": CLASSES}, "F-BIND-NOTHING", "--set target=COLUMN"),
        ("texts", {"n": NUMBERS, "m": NUMBERS}, "F-BIND-NOTHING", "--set text=COLUMN"),
    ],
)
def test_where_two_readings_are_possible_the_error_names_both(kind, columns, code, fix):
    with pytest.raises(UsageError) as caught:
        bound(kind, columns)
    assert caught.value.code == code and fix in caught.value.fix


@pytest.mark.parametrize(
    "choices", [{"columns": {"target": "incme"}}, {"ignore": ["incme"]}, {"group": "incme"}, {"groups": ["incme"]}]
)
def test_a_misspelt_column_is_answered_with_the_nearest(choices):
    with pytest.raises(UsageError) as caught:
        bound("rows", {"a": NUMBERS, "income": CLASSES}, **choices)
    assert caught.value.code == "F-COLUMN-NAME" and "income" in caught.value.fix


def test_nothing_to_learn_from():
    with pytest.raises(DataError) as caught:
        bound("rows", {"label": CLASSES})
    assert caught.value.code == "F-BIND-INPUTS"


def test_prediction_needs_no_target_and_guesses_none():
    assert bound("texts", {"text": TEXTS}, with_targets=False) == {"text": ["text"]}
    assert bound("rows", {"a": NUMBERS, "b": CLASSES}, with_targets=False) == {"row": ["a", "b"]}
    named = bound(
        "rows", {"a": NUMBERS, "b": CLASSES}, with_targets=False, columns={"target": "b"}, group="gone", ignore=["gone"]
    )
    assert named == {"row": ["a"], "label": ["b"]}
    assert bound("rows", {"a": NUMBERS}, with_targets=False, columns={"target": "b"}) == {"row": ["a"]}


def test_a_learned_row_knows_its_columns_in_any_order():
    asked = task("rows")
    table = read({"a": NUMBERS, "b": CLASSES, "c": CLASSES}, DataChoices(), kinds=("row",))
    first = bind(table, asked, DataChoices())
    learned = asked.with_fields({"row": asked.inputs["row"].learn(first["row"])})
    moved = read({"c": CLASSES, "extra": NUMBERS, "b": CLASSES, "a": NUMBERS}, DataChoices(), kinds=("row",))
    again = bind(moved, learned, DataChoices(columns={"target": "c"}))
    assert {n: [c.name for c in some] for n, some in again.items()} == {"row": ["b", "a"], "label": ["c"]}
    with pytest.raises(FukamiError) as caught:
        bind(read({"z": NUMBERS, "label": CLASSES}, DataChoices(), kinds=("row",)), learned, DataChoices())
    assert "a" in caught.value.expected


def test_a_folder_without_classes_says_what_to_do(tmp_path):
    from PIL import Image as Pillow

    Pillow.new("L", (4, 4)).save(tmp_path / "1.png")
    table = read(str(tmp_path), DataChoices(), kinds=("image",))
    with pytest.raises(UsageError) as caught:
        bind(table, task("pictures"), DataChoices())
    assert caught.value.code == "F-BIND-NOTHING" and "folder" in caught.value.fix
    assert list(bind(table, task("pictures"), DataChoices(), with_targets=False)) == ["image"]


def test_remarks_on_the_choice():
    asked = task("rows")
    values = np.linspace(0, 1, 60)
    last = read({"a": values, "c": ["x", "y"] * 30}, DataChoices(), kinds=("row",))
    assert [p.code for p in remarks(last, asked, DataChoices(), bind(last, asked, DataChoices()))] == ["F-BIND-LAST"]
    number = read({"a": values, "target": values + 0.5}, DataChoices(), kinds=("row",))
    (told,) = remarks(number, asked, DataChoices(), bind(number, asked, DataChoices()))
    assert told.code == "F-BIND-KIND" and told.got == "number" and told.severity == "warning"
    fine = read({"a": values, "target": ["x", "y"] * 30}, DataChoices(), kinds=("row",))
    assert remarks(fine, asked, DataChoices(), bind(fine, asked, DataChoices())) == []


LABELLED = {"path": PATHS, "class": CLASSES, "id": [1, 2, 3, 4]}


@pytest.mark.parametrize(
    ("data", "choices", "told"),
    [
        (LABELLED, {}, ["class"]),
        ({"path": PATHS, "分類": CLASSES, "label": CLASSES}, {}, ["分類, label"]),
        ({"path": PATHS, "id": [1, 2, 3, 4]}, {}, []),
        (LABELLED, {"ignore": ["class"]}, []),
        (LABELLED, {"group": "class"}, []),
    ],
)
def test_labels_that_a_task_leaves_unused_are_told(data, choices, told):
    from fukami.tasks.registry import contract

    asked, chosen = contract("image-generation"), DataChoices(**choices)
    table = read(data, chosen, kinds=("image",))
    found = [p for p in remarks(table, asked, chosen, bind(table, asked, chosen)) if p.code == "F-BIND-LABELS"]
    assert [p.severity for p in found] == ["warning"] * len(told)
    assert all(f"labels {names} are" in p.what for p, names in zip(found, told, strict=True))


def test_labels_of_a_folder_or_an_archive_of_arrays_are_told_by_their_layout():
    """Whatever the column is called: the layout says that it holds labels."""
    from fukami.tasks.registry import contract

    asked = contract("image-generation")
    table = read({"path": PATHS, "kept": CLASSES}, DataChoices(), kinds=("image",))
    table = replace(table, hints={"image": "path", "target": "kept"})
    found = remarks(table, asked, DataChoices(), bind(table, asked, DataChoices()))
    assert [p.code for p in found] == ["F-BIND-LABELS"] and "kept" in found[0].what
    pictures = task("pictures")
    assert not remarks(table, pictures, DataChoices(), bind(table, pictures, DataChoices()))


def test_a_target_that_is_not_there_is_told_in_the_word_that_was_typed():
    """`--set target=…` is how a single target is named, whatever the field is called."""
    from fukami.api import recipe_for

    asked = task("rows")
    table = read({"a": NUMBERS, "class": CLASSES}, DataChoices(), kinds=tuple(asked.inputs))
    with pytest.raises(UsageError) as told:
        bind(table, asked, recipe_for("tabular-classification", {"target": "clas"}).data)
    assert (told.value.code, told.value.fix) == ("F-COLUMN-NAME", "--set target=class")


@pytest.mark.parametrize(
    ("data", "codes"),
    [
        ({"a": NUMBERS, "label": CLASSES}, []),
        ({"a": NUMBERS, "y": CLASSES}, ["F-BIND-TARGET"]),
        ({"a": NUMBERS, "churn": CLASSES, "b": NUMBERS}, ["F-BIND-TARGET"]),
        ({"a": NUMBERS, "c": CLASSES}, ["F-BIND-LAST"]),
    ],
)
def test_a_target_that_was_guessed_is_told(data, codes):
    asked = task("rows")
    table = read(data, DataChoices(), kinds=("row",))
    found = remarks(table, asked, DataChoices(), bind(table, asked, DataChoices()))
    assert [p.code for p in found if p.code.startswith("F-BIND")] == codes
    named = DataChoices(columns={"target": list(data)[1]})
    assert not [p for p in remarks(table, asked, named, bind(table, asked, named)) if p.code.startswith("F-BIND")]


@pytest.mark.parametrize(
    "rival", [{"y": CLASSES, "income": CLASSES, "b": NUMBERS}, {"x": NUMBERS, "y": CLASSES, "kind of soil": CLASSES}]
)
def test_a_target_that_merely_is_called_so_is_asked_for_where_another_could_be_meant(rival):
    with pytest.raises(UsageError, match="F-BIND-AMBIGUOUS") as asked:
        bound("rows", rival)
    other = next(name for name in rival if name in ("income", "kind of soil"))
    assert asked.value.got == f"y, {other}" and f"--set target={quoted(other)}" in asked.value.fix

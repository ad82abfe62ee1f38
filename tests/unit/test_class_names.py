"""One class has one name, in every form of file and between training and later; what is no label is told."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from fukami.core.recipe import DataChoices
from fukami.core.tables import Column, Table
from fukami.data.checks import unknown_targets
from fukami.data.evidence import gathered
from fukami.data.readers import delimited, json_lines, memory, parquet
from fukami.data.split import Split
from fukami.evaluate.unjudged import reasons
from fukami.export.assemble import member
from fukami.fields.categories.field import Categories
from fukami.fields.category.field import Category
from fukami.fields.labels import UNLABELLED
from fukami.fields.row.field import Row
from fukami.tasks.registry import contract


def column(cells, name="y") -> Column:
    return Column(name, cells if isinstance(cells, np.ndarray) else pa.array(cells), file="a.csv")


def classes(cells) -> list[str]:
    return Category().learn([column(cells)]).state["classes"]


@pytest.mark.parametrize(
    "cells, names",
    [
        (["0", "0.0", "1", "1.0", "1.00"], ["0", "1"]),
        (["True", "FALSE", "true", "False"], ["false", "true"]),
        (["yes ", " yes", "no", "no\u3000"], ["no", "yes"]),
        (["Ａ１", "A1", "ｶﾞ", "ガ"], ["A1", "ガ"]),
        (["yes", "no", "nan", "NaN", "inf", "-Infinity"], ["no", "yes"]),
        (["yes", "no", "NA", "null", "None", "<NA>"], ["no", "yes"]),
        (["1", "0", "true", "false"], ["0", "1"]),
        (["01", "1", "x"], ["01", "1", "x"]),
        (["3.1", "3.10"], ["3.1", "3.10"]),
        (np.array([0.1, 0.5], np.float32), ["0.1", "0.5"]),
        ([Decimal("1.00"), Decimal("2.00")], ["1", "2"]),
        (np.array([True, False]), ["false", "true"]),
        ([0.0, 1.0, float("inf"), None], ["0", "1"]),
    ],
)
def test_one_class_has_one_name(cells, names):
    assert classes(cells) == names


def forms_of(tmp_path, labels):
    """The same labels in every form of file, as columns."""
    written = {"csv": tmp_path / "t.csv", "json": tmp_path / "t.jsonl", "parquet": tmp_path / "t.parquet"}
    frame = pd.DataFrame({"x": range(len(labels)), "y": labels})
    frame.to_csv(written["csv"], index=False)
    frame.to_json(written["json"], orient="records", lines=True)
    frame.to_parquet(written["parquet"])
    readers = {"csv": delimited, "json": json_lines, "parquet": parquet}
    found = {form: readers[form].read(path, DataChoices()).columns["y"] for form, path in written.items()}
    found["frame"] = memory.read(frame, DataChoices()).columns["y"]
    found["array"] = memory.read((np.zeros((len(labels), 2)), frame["y"].to_numpy()), DataChoices()).columns["target"]
    return found


@pytest.mark.parametrize("labels", [[True, False] * 3, [1.0, 0.0] * 3, ["yes ", "no"] * 3, [1, 0] * 3, ["TRUE", "false"] * 3])
def test_every_form_of_file_gives_the_same_classes(tmp_path, labels):
    found = forms_of(tmp_path, labels)
    learned = {form: Category().learn([one]) for form, one in found.items()}
    assert len({tuple(field.state["classes"]) for field in learned.values()}) == 1
    for field in learned.values():
        numbers = [field.encode([one])["index"].tolist() for one in found.values()]
        assert numbers == [numbers[0]] * len(numbers)


@pytest.mark.parametrize(
    "known, later",
    [
        (["0", "1"], ["0.0", "1.0"]),
        (["True", "False"], [True, False]),
        (["True", "False"], ["TRUE", "FALSE"]),
        (["True", "False"], ["1", "0"]),
        (["1", "0"], [True, False]),
        (["yes", "no"], ["yes ", "no"]),
        (["Ａ", "Ｂ"], ["A", "B"]),
    ],
)
def test_a_class_is_known_again_later(known, later):
    field = Category().learn([column(known)])
    assert field.encode([column(later)])["index"].tolist() == field.encode([column(known)])["index"].tolist()


def test_a_run_that_learned_other_spellings_still_knows_its_classes():
    older = replace(Category(), state={"classes": ["NA", "False", "True"], "counts": [1, 1, 1]})
    assert older.encode([column(["NA", "false", "TRUE"])])["index"].tolist() == [0, 1, 2]


def test_words_for_missing_are_told_with_the_option_that_changes_it():
    cells = ["yes", "no", "NA", "None", "none"] * 30
    found = {p.got: p for p in Category().check([column(cells)]) if p.code == "F-CATEGORY-WORD"}
    assert found["NA"].fix.endswith("--set unlabelled=None") and "missing" in found["NA"].what
    assert found["none"].fix.endswith("--set unlabelled=NA,None,none") and "class" in found["none"].what
    kept = Category(options=Category.Options(unlabelled=["None"]))
    assert kept.learn([column(cells)]).state["classes"] == ["NA", "no", "none", "yes"]
    assert not [p for p in Category().check([column(["yes", "no"] * 99)]) if p.code == "F-CATEGORY-WORD"]
    assert all(word in "".join(UNLABELLED) for word in ("NA", "null", "None"))


def test_several_labels_follow_the_same_rules():
    tags = Categories().learn([column(["True;x", "x", "nan", "NA", "1.0"])])
    assert tags.state["classes"] == ["1", "true", "x"] and tags.state["counts"] == [1, 1, 2]
    assert tags.usable([column(["TRUE;x", "1", "nan", "NA", "y"])]).tolist() == [True, True, False, False, False]


def test_labels_written_alike_are_told():
    found = [p for p in Category().check([column(["0.5", "0.50", "x"] * 40)]) if p.code == "F-CATEGORY-ALIKE"]
    assert found and "'0.50'" in found[0].got


def test_what_evaluation_leaves_out_is_told_by_reason_with_the_nearest_label():
    x = column([float(i) for i in range(8)], "x")
    task = contract("tabular-classification")
    fields = {"row": Row().learn([x]), "label": Category(name="label").learn([column(["yes", "no"] * 4)])}
    task = task.with_fields(
        {name: fields[field.kind if field.kind == "row" else "label"] for name, field in task.fields.items()}
    )
    columns = dict(zip(task.fields, ([x], [column(["yes", "yess", "no", "Yess", None, "no", "yes", "no"])]), strict=True))
    absent, unknown = reasons(task, columns)
    assert "25.0" in unknown and "'Yess', 'yess'" in unknown and "yess → yes" in unknown
    assert absent.startswith("1 example (12.5")


def test_an_unknown_label_of_the_test_part_is_named_with_the_nearest():
    x, y = column([float(i) for i in range(8)], "x"), column(["yes", "no"] * 3 + ["yess", "no"])
    task = contract("tabular-classification")
    columns = dict(zip(task.fields, ([x], [y]), strict=True))
    table = Table("t", {"x": x, "y": y})
    parts = Split(np.arange(5), np.array([5]), np.array([6, 7]), "given")
    (problem,) = unknown_targets.check(gathered(task, table, columns, parts))
    assert (problem.code, problem.got) == ("F-TARGET-UNKNOWN", "'yess'")
    assert "yess → yes" in problem.fix


REGIONS = [["NA", "EU", "APAC", "eu"][i % 3] if i % 10 else None for i in range(60)]


def test_a_feature_called_na_is_told_with_the_option_that_keeps_it():
    cells = [column(REGIONS, "region"), column([float(i % 7) for i in range(60)], "x")]
    (note,) = [p for p in Row().check(cells) if p.code == "F-COLUMN-WORD"]
    assert note.got == "NA" and "--set words=region" in note.fix and note.count == REGIONS.count("NA")
    kept = Row(options=Row.Options(words=["region"]))
    assert not [p for p in kept.check(cells) if p.code == "F-COLUMN-WORD"]
    region = kept.learn(cells)
    assert sorted(region.schema()["properties"]["region"]["examples"]) == ["APAC", "EU", "NA"]
    codes = region.encode([column(["NA", "nan", None, "EU"], "region"), column([1.0] * 4, "x")])["categories"][:, 0].tolist()
    assert codes[0] and codes[3] and codes[0] != codes[3] and codes[1:3] == [0, 0]
    told = region.portable()
    assert told["words"]["na"] == "" and "na" not in next(c for c in told["columns"] if c["name"] == "region")["words"]
    assert member(tuple(told["code"]), "features")({"region": "NA", "x": 1}, told["columns"][0], told) == [codes[0]]

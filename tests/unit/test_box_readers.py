"""Boxes as people have them: Pascal VOC, COCO and YOLO, whole and broken; each says the same of the same pictures."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from fukami.core.errors import DataError, UsageError
from fukami.core.recipe import DataChoices
from fukami.data.readers import box_rows, coco, read_any, voc, yolo
from fukami.fields.boxes.marks import marked

KINDS = ("image", "boxes")
BOXES = {"a": [("cat", [10, 6, 40, 12]), ("dog", [60, 20, 20, 30])], "b": [], "c": [("cat", [0, 0, 100, 60])]}
PART = {"a": "train", "b": "val", "c": "test"}


def picture(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Pillow.new("RGB", (100, 60)).save(path)


def xml(boxes, name: str, *, size=(100, 60), more: str = "") -> str:
    told = "".join(
        f"<object><name>{label}</name>{more}<bndbox><xmin>{x}</xmin><ymin>{y}</ymin>"
        f"<xmax>{x + w}</xmax><ymax>{y + h}</ymax></bndbox></object>"
        for label, (x, y, w, h) in boxes
    )
    sides = f"<size><width>{size[0]}</width><height>{size[1]}</height></size>"
    return f"<annotation><filename>{name}.png</filename>{sides}{told}</annotation>"


def as_voc(root: Path) -> Path:
    for name, boxes in BOXES.items():
        picture(root / "JPEGImages" / f"{name}.png")
        (root / "Annotations").mkdir(exist_ok=True)
        (root / "Annotations" / f"{name}.xml").write_text(xml(boxes, name))
        (root / "ImageSets" / "Main").mkdir(parents=True, exist_ok=True)
        (root / "ImageSets" / "Main" / f"{PART[name]}.txt").write_text(f"{name}\n")
    return root


def as_coco(root: Path) -> Path:
    for number, (name, boxes) in enumerate(BOXES.items(), 7):
        folder = root / PART[name]
        picture(folder / f"{name}.png")
        told = {
            "images": [{"id": number, "file_name": f"{name}.png", "width": 100, "height": 60}],
            "annotations": [
                {"id": at, "image_id": number, "category_id": 3 if label == "cat" else 5, "bbox": box, "iscrowd": 0}
                for at, (label, box) in enumerate(boxes)
            ],
            "categories": [{"id": 3, "name": "cat"}, {"id": 5, "name": "dog"}],
        }
        (folder / "_annotations.coco.json").write_text(json.dumps(told))
    return root


def as_yolo(root: Path) -> Path:
    for name, boxes in BOXES.items():
        picture(root / "images" / PART[name] / f"{name}.png")
        labels = root / "labels" / PART[name]
        labels.mkdir(parents=True)
        lines = [
            f"{int(label == 'dog')} {(x + w / 2) / 100} {(y + h / 2) / 60} {w / 100} {h / 60}" for label, (x, y, w, h) in boxes
        ]
        (labels / f"{name}.txt").write_text("\n".join(lines))
    (root / "data.yaml").write_text(
        "path: /nowhere\ntrain: images/train\nval: images/val\ntest: images/test\nnames: [cat, dog]\n"
    )
    return root


def as_rows(root: Path) -> Path:
    lines = {part: ["filename,width,height,class,xmin,ymin,xmax,ymax"] for part in PART.values()}
    for name, boxes in BOXES.items():
        picture(root / PART[name] / f"{name}.png")
        told = [f"{name}.png,100,60,{label},{x},{y},{x + w},{y + h}" for label, (x, y, w, h) in boxes]
        lines[PART[name]] += told or [f"{name}.png,100,60,,,,,"]
    for part, told in lines.items():
        (root / f"{part}_labels.csv").write_text("\n".join(told) + "\n")
    return root


LAYOUTS = {"voc": as_voc, "coco": as_coco, "yolo": as_yolo, "box-rows": as_rows}


def cells(table):
    found = {}
    for path, one in zip(table.columns["image"].values.to_pylist(), marked(table.columns["boxes"]), strict=True):
        found[Path(path).stem] = one
    return found


def codes(table) -> dict[str, int]:
    return {problem.code: problem.count for problem in table.problems}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_says_the_same(layout, tmp_path):
    table = read_any(LAYOUTS[layout](tmp_path), DataChoices(), kinds=KINDS)
    assert table.layout == layout and table.problems == ()
    found = cells(table)
    assert {name: one.labels for name, one in found.items()} == {
        name: tuple(label for label, _box in boxes) for name, boxes in BOXES.items()
    }
    for name, boxes in BOXES.items():
        np.testing.assert_allclose(found[name].box, np.array([box for _label, box in boxes]).reshape(-1, 4), atol=1e-3)
    parts = dict(
        zip((Path(path).stem for path in table.columns["image"].values.to_pylist()), table.parts.tolist(), strict=True)
    )
    assert parts == {"a": "train", "b": "valid", "c": "test"}


def test_two_layouts_in_one_folder_are_named(tmp_path):
    as_voc(as_coco(tmp_path))
    with pytest.raises(UsageError, match="F-LAYOUT-AMBIGUOUS") as told:
        read_any(tmp_path, DataChoices(), kinds=KINDS)
    assert "layout=voc" in told.value.fix and "layout=coco" in told.value.fix


def test_a_single_file_is_the_layout_too(tmp_path):
    as_coco(tmp_path / "x")
    assert len(read_any(tmp_path / "x" / "train" / "_annotations.coco.json", DataChoices(), kinds=KINDS)) == 1
    as_yolo(tmp_path / "y")
    assert len(read_any(tmp_path / "y" / "data.yaml", DataChoices(), kinds=KINDS)) == 3
    assert not coco.claims(tmp_path / "x", ("image", "category")), "for boxes alone"


# -- Pascal VOC ----------------------------------------------------------------------------------------------------------
BROKEN_XML = {
    "cut": ("<annotation><object>", "F-BOXES-XML"),
    "empty": ("", "F-BOXES-XML"),
    "binary": ("\x00\x01", "F-BOXES-XML"),
    "entities": ('<!DOCTYPE a [<!ENTITY x "y">]><annotation>&x;</annotation>', "F-BOXES-XML"),
    "other picture": (xml([], "nobody"), "F-BOXES-PICTURE"),
    "twice": (xml([], "a"), "F-BOXES-SEVERAL"),
}


@pytest.mark.parametrize("name", BROKEN_XML)
def test_broken_xml_is_told_with_its_file(name, tmp_path):
    text, code = BROKEN_XML[name]
    (as_voc(tmp_path) / "Annotations" / "z.xml").write_text(text)
    table = voc.read(tmp_path, DataChoices())
    assert len(table) == 3 and codes(table) == {code: 1}
    assert "z.xml" in table.problems[0].where


def test_what_voc_says_besides(tmp_path):
    as_voc(tmp_path)
    picture(tmp_path / "JPEGImages" / "d.png")
    (tmp_path / "Annotations" / "a.xml").write_text(xml(BOXES["a"], "a", size=(50, 30), more="<difficult>1</difficult>"))
    (tmp_path / "Annotations" / "c.xml").write_text(xml(BOXES["c"], "c").replace("<xmax>100</xmax>", "<xmax>wide</xmax>"))
    table = voc.read(tmp_path, DataChoices())
    found = cells(table)
    assert codes(table) == {"F-BOXES-BARE": 1} and found["a"].ignored == (1, 1) and found["a"].size == (50, 30)
    assert found["c"].fault


# -- COCO ----------------------------------------------------------------------------------------------------------------
def changed(root: Path, change) -> Path:
    path = as_coco(root) / "train" / "_annotations.coco.json"
    told = json.loads(path.read_text())
    change(told)
    path.write_text(json.dumps(told))
    return root


BROKEN_COCO = {
    "no picture": (lambda told: told["images"].append({"id": 1, "file_name": "z.png"}), {"F-BOXES-PICTURE": 1}),
    "a picture twice": (lambda told: told["images"].append({"id": 1, "file_name": "a.png"}), {"F-BOXES-SEVERAL": 1}),
    "of no picture": (lambda told: told["annotations"].append({"image_id": 99, "bbox": [1, 1, 2, 2]}), {"F-BOXES-LOST": 1}),
    "of no category": (lambda told: told["annotations"][0].update(category_id=9), {"F-BOXES-CLASS": 1}),
    "no box": (lambda told: told["annotations"][0].pop("bbox"), {}),
}


@pytest.mark.parametrize("name", BROKEN_COCO)
def test_broken_coco_is_told(name, tmp_path):
    change, want = BROKEN_COCO[name]
    table = read_any(changed(tmp_path, change), DataChoices(), kinds=KINDS)
    assert codes(table) == want and len(table) == 3
    assert bool(cells(table)["a"].fault) == (name in ("of no category", "no box"))


@pytest.mark.parametrize(
    "text", ['{"images": [], "annotations": "many", "categories": []}', '{"images": [1], "annotations":', "{}"]
)
def test_a_file_that_is_no_coco_is_refused(text, tmp_path):
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(DataError, match=r"F-BOXES-JSON|F-BOXES-PICTURE"):
        coco.read(path, DataChoices(layout="coco"))


# -- YOLO ----------------------------------------------------------------------------------------------------------------
BROKEN_LINES = {
    "a word": ("cat 0.5 0.5 0.1 0.1", "F-BOXES-LINE"),
    "too few": ("0 0.5 0.5 0.1", "F-BOXES-LINE"),
    "pixels": ("0 50 30 40 20", "F-BOXES-PIXELS"),
    "no such class": ("7 0.5 0.5 0.1 0.1", "F-BOXES-CLASS"),
    "not finite": ("0 nan 0.5 0.1 0.1", "F-BOXES-LINE"),
}


@pytest.mark.parametrize("name", BROKEN_LINES)
def test_broken_lines_are_told_with_file_and_line(name, tmp_path):
    line, code = BROKEN_LINES[name]
    path = as_yolo(tmp_path) / "labels" / "train" / "a.txt"
    path.write_text(f"{path.read_text()}\n{line}\n")
    table = read_any(tmp_path, DataChoices(), kinds=KINDS)
    assert codes(table) == {code: 1} and table.problems[0].where.endswith("a.txt:3")
    assert cells(table)["a"].fault and not cells(table)["c"].fault


def test_outlines_missing_texts_and_lost_ones(tmp_path):
    root = as_yolo(tmp_path)
    (root / "labels" / "train" / "a.txt").write_text("1 0.1 0.1 0.5 0.1 0.3 0.9\n0 0.5 0.5 0.2 0.2 0.98\n")
    (root / "labels" / "val" / "b.txt").unlink()
    (root / "labels" / "test" / "z.txt").write_text("0 0.5 0.5 0.1 0.1")
    table = yolo.read(root, DataChoices())
    assert codes(table) == {"F-BOXES-BARE": 1, "F-BOXES-PICTURE": 1}
    found = cells(table)
    np.testing.assert_allclose(found["a"].box, [[10, 6, 40, 48], [40, 24, 20, 12]], atol=1e-3)
    assert len(found["b"]) == 0 and not found["b"].fault


def test_names_without_yaml_and_numbers_without_names(tmp_path):
    root = as_yolo(tmp_path)
    (root / "data.yaml").unlink()
    assert cells(read_any(root, DataChoices(), kinds=KINDS))["a"].labels == ("0", "1")
    (root / "classes.txt").write_text("cat\ndog\n")
    table = read_any(root, DataChoices(), kinds=KINDS)
    assert cells(table)["a"].labels == ("cat", "dog") and sorted(table.parts.tolist()) == ["test", "train", "valid"]


def test_rows_with_widths_and_other_names(tmp_path):
    picture(tmp_path / "pictures" / "a.png")
    picture(tmp_path / "pictures" / "b.png")
    (tmp_path / "all.csv").write_text("image_id;x;y;w;h;label;split\na;10;6;40;12;cat;train\nb;;;;;;test\n")
    table = read_any(tmp_path / "all.csv", DataChoices(), kinds=KINDS)
    assert table.layout == "box-rows" and table.parts.tolist() == ["train", "test"]
    first, second = marked(table.columns["boxes"])
    assert first.box.tolist() == [[10, 6, 40, 12]] and list(first.labels) == ["cat"]
    assert not len(second.box)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("filename,xmin,ymin,xmax,ymax,class\na.png,1,1,9,9,cat\nz.png,1,1,9,9,cat\n", "F-BOXES-PICTURE"),
        ("filename,xmin,ymin,xmax,ymax,class\na.png,1,1,9,9,cat\n", "F-BOXES-BARE"),
    ],
)
def test_rows_that_say_too_much_or_too_little(tmp_path, text, code):
    picture(tmp_path / "a.png")
    picture(tmp_path / "b.png")
    (tmp_path / "boxes.csv").write_text(text)
    table = box_rows.read(tmp_path / "boxes.csv", DataChoices())
    assert code in {problem.code for problem in table.problems}


def test_a_row_with_half_a_box_is_a_fault(tmp_path):
    picture(tmp_path / "a.png")
    (tmp_path / "boxes.csv").write_text("filename,xmin,ymin,xmax,ymax,class\na.png,1,1,,nine,cat\n")
    (one,) = marked(box_rows.read(tmp_path, DataChoices()).columns["boxes"])
    assert one.fault


def test_tables_of_anything_else_are_not_its_own(tmp_path):
    (tmp_path / "a.csv").write_text("image,label\na.png,cat\n")
    assert box_rows.claims(tmp_path, KINDS) == box_rows.claims(tmp_path / "a.csv", KINDS) == 0

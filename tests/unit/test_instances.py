"""Instances: what is read, what the doctor finds, bits and runs, and what broken cells are answered with."""

import json

import numpy as np
import pyarrow as pa
import pytest
import torch
from PIL import Image as Pillow

from fukami.core.errors import DataError
from fukami.core.recipe import DataChoices
from fukami.core.tables import Column
from fukami.data import read
from fukami.data.readers import read_any
from fukami.fields.frame import Moved, Plane
from fukami.fields.instances import bits
from fukami.fields.instances.field import Instances
from fukami.fields.instances.marks import Drawn, of_cell
from fukami.fields.instances.marks import drawn as marked

KINDS = ("image", "instances")
SQUARE = [2, 2, 6, 2, 6, 6, 2, 6]


def drawn(column: Column) -> list[Drawn]:
    return [one for one in marked(column) if one is not None]


def cell(*things: dict, size=(10, 8)) -> str:
    return json.dumps({"instances": list(things), "size": list(size)})


def png(path, array: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Pillow.fromarray(array).save(path)


# -- readers ---------------------------------------------------------------------------------------------------------------
def test_label_images_of_8_and_16_bits_with_parts_of_a_table(tmp_path):
    for number, kind in enumerate((np.uint8, np.uint16, np.uint16)):
        labels = np.zeros((8, 10), kind)
        labels[1:3, 1:4], labels[5:7, 5:9] = 1, 3 if kind == np.uint8 else 700
        png(tmp_path / "images" / f"p{number}.png", np.zeros((8, 10), np.uint8))
        png(tmp_path / "labels" / f"p{number}.png", labels)
    (tmp_path / "index.csv").write_text("id,nuclei,split\np0,2,train\np1,2,train\np2,2,test\n")
    table = read(tmp_path, DataChoices(), kinds=KINDS)
    assert table.layout == "label-images" and table.parts is not None and list(table.parts) == ["train", "train", "test"]
    found = drawn(table.columns["instances"])
    assert [len(one) for one in found] == [2, 2, 2] and {one.size for one in found} == {(10, 8)}
    assert found[1].mask(1)[5:7, 5:9].all() and found[1].mask(1).sum() == 8


def test_a_mask_for_each_thing(tmp_path):
    for name in ("a", "b"):
        png(tmp_path / name / "images" / f"{name}.png", np.zeros((8, 10), np.uint8))
        for number in range(2):
            mask = np.zeros((8, 10), np.uint8)
            mask[number * 4 : number * 4 + 2, 3:6] = 255
            png(tmp_path / name / "masks" / f"{number}.png", mask)
    found = drawn(read(tmp_path, DataChoices(), kinds=KINDS).columns["instances"])
    assert [len(one) for one in found] == [2, 2] and found[0].mask(1)[4:6, 3:6].all()


def test_coco_with_polygons_and_runs(tmp_path):
    png(tmp_path / "a.png", np.zeros((8, 10), np.uint8))
    told = [{"segmentation": [SQUARE]}, {"segmentation": {"size": [8, 10], "counts": [0, 4, 76]}, "iscrowd": 1}]
    annotations = [{"id": at, "image_id": 1, "category_id": 1, "bbox": [2, 2, 4, 4], **one} for at, one in enumerate(told)]
    whole = {"images": [{"id": 1, "file_name": "a.png", "width": 10, "height": 8}], "annotations": annotations}
    (tmp_path / "all.json").write_text(json.dumps({**whole, "categories": [{"id": 1, "name": "cat"}]}))
    table = read_any(tmp_path, DataChoices(), kinds=KINDS)
    (found,) = drawn(table.columns["instances"])
    assert found.labels == ("cat", "cat") and found.ignored == (0, 2)
    assert found.mask(0)[2:6, 2:6].all() and found.mask(0).sum() == 16 and found.mask(1)[:4, 0].all()
    boxes = read_any(tmp_path, DataChoices(), kinds=("image", "boxes"))
    assert "segmentation" not in str(boxes.columns["boxes"].values[0])


# -- cells -----------------------------------------------------------------------------------------------------------------
BROKEN = {
    "no JSON": "[{",
    "no list": "{}",
    "no things": "[3]",
    "no label": cell({"segmentation": [SQUARE]}),
    "no mask": cell({"label": "cat"}),
    "an empty mask": cell({"label": "cat", "segmentation": []}),
    "two points": cell({"label": "cat", "segmentation": [[1, 1, 2, 2]]}),
    "an odd number": cell({"label": "cat", "segmentation": [[1, 1, 2, 2, 3, 3, 4]]}),
    "no numbers": cell({"label": "cat", "segmentation": [["a", "b", "c", "d", "e", "f"]]}),
    "no finite numbers": '{"size": [4, 4], "instances": [{"label": "cat", "segmentation": [[NaN, 1, 2, 2, 3, 1]]}]}',
    "no size": json.dumps([{"label": "cat", "segmentation": [SQUARE]}]),
    "runs that are too few": cell({"label": "cat", "mask": {"size": [8, 10], "counts": [3, 4]}}),
    "runs below zero": cell({"label": "cat", "mask": {"size": [2, 2], "counts": [5, -1]}}),
    "runs of no numbers": cell({"label": "cat", "mask": {"size": [2, 2], "counts": ["x"]}}),
    "no file": cell({"label": "cat", "mask": "nowhere.png"}),
    "two sizes": cell(
        {"label": "a", "mask": {"size": [2, 2], "counts": [1, 3]}}, {"label": "b", "mask": {"size": [1, 4], "counts": [0, 4]}}
    ),
    "no picture": "nowhere.png",
    "a huge number": cell({"label": "cat", "segmentation": [[1e300, 1, 2, -1e300, 3, 1e300]]}),
    "a string of the wrong letters": cell({"label": "cat", "mask": {"size": [2, 2], "counts": "~~~~"}}),
}


@pytest.mark.parametrize("why", BROKEN)
def test_broken_cells_are_told_and_left_out(why):
    good = cell({"label": "cat", "segmentation": [SQUARE]})
    column = Column("instances", pa.array([good, BROKEN[why]]))
    field = Instances()
    problems = {one.code: one for one in field.check([column])}
    usable = field.usable([column]).tolist()
    if "F-INSTANCES-FORM" in problems:
        assert usable == [True, False] and problems["F-INSTANCES-FORM"].what and problems["F-INSTANCES-FORM"].count == 1
    else:  # a polygon far beyond the picture covers nothing of it
        assert usable == [True, True] and why == "a huge number"
    learned = field.learn([column.take(np.array([0]))])
    stored = learned.encode([column.take(np.flatnonzero(usable))])
    assert len(learned.batch(stored, np.array([0]))) == 1


def test_what_the_doctor_finds():
    whole = cell({"label": "cat", "segmentation": [[0, 0, 10, 0, 10, 8, 0, 8]]})
    beyond = cell({"label": "Cat ", "segmentation": [[50, 50, 60, 50, 60, 60]]}, {"label": "Cat", "segmentation": [SQUARE]})
    column = Column("instances", pa.array([whole, beyond, None, "[]"]))
    codes = {one.code for one in Instances().check([column])}
    assert codes == {
        "F-INSTANCES-WHOLE", "F-INSTANCES-EMPTY", "F-INSTANCES-MISSING", "F-INSTANCES-FEW", "F-CATEGORY-ALIKE",
    }  # fmt: skip
    learned = Instances().learn([column.take(np.array([0]))])
    assert "F-INSTANCES-UNKNOWN" in {one.code for one in learned.check([column])}
    turned = Plane(np.tile(np.eye(2, 3), (4, 1, 1)), np.tile([8, 10], (4, 1)), (16, 16))
    assert [one.code for one in learned.check_on([column], {"image": turned})] == ["F-INSTANCES-SIZE"]
    with pytest.raises(DataError, match="F-INSTANCES-NONE"):
        Instances().learn([column.take(np.array([3]))])


def test_jpeg_label_images_are_refused(tmp_path):
    Pillow.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8)).save(tmp_path / "a.jpg")
    found = of_cell(str(tmp_path / "a.jpg"))
    assert found is not None and "PNG" in found.fault


# -- batches ---------------------------------------------------------------------------------------------------------------
def test_bits_and_runs_are_masks_again():
    rng = np.random.default_rng(0)
    masks = rng.random((5, 8, 16)) < 0.4
    packed = bits.packed(torch.from_numpy(masks))
    assert np.array_equal(np.unpackbits(packed.numpy(), axis=2), masks)
    assert np.array_equal(bits.areas(packed.numpy()), masks.sum((1, 2)))
    for mask in (*masks, np.zeros((8, 16), bool), np.ones((8, 16), bool)):
        assert np.array_equal(bits.of_runs(bits.runs_of(mask), 8, 16), mask)
    common = bits.common(packed.numpy(), packed.numpy(), np.ones((5, 5), bool))
    assert np.array_equal(common, (masks[:, None] & masks[None]).sum((2, 3)))


def test_things_that_leave_the_picture_are_none_and_no_thing_is_too_small():
    labels = np.zeros((1, 64, 64), np.uint8)
    labels[0, 30, 2], labels[0, 10:20, 40:50] = 1, 2
    column = Column("instances", labels)
    field = Instances().learn([column])
    small = Instances(state={**field.state, "side": 8})
    batch = small.batch(small.encode([column]), np.array([0]))
    assert batch.counts.tolist() == [2], "a pixel is a thing also where masks are coarse"
    batch = field.batch(field.encode([column]), np.array([0]))
    moved = field.follow(batch, Moved(torch.tensor([[[1.0, 0, 0.5], [0, 1, 0]]])))  # 16 pixels to the left
    assert moved.counts.tolist() == [1]
    assert (moved.columns["box"] * 64).tolist() == [[24, 10, 34, 20]]


def test_overlapping_things_keep_their_pixels():
    both = cell({"label": "a", "segmentation": [SQUARE]}, {"label": "b", "segmentation": [[4, 4, 8, 4, 8, 8, 4, 8]]})
    column = Column("instances", pa.array([both]))
    field = Instances().learn([column])
    (told,) = field.known(field.truth(field.batch(field.encode([column]), np.array([0]))))
    assert [one["label"] for one in told["instances"]] == ["a", "b"]
    assert all(sum(one["mask"]["counts"]) == field.state["side"] ** 2 for one in told["instances"])

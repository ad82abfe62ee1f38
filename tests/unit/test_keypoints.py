"""Keypoints: what is read, what the doctor finds, left and right, and what broken cells are answered with."""

import json

import numpy as np
import pyarrow as pa
import pytest
import torch
from PIL import Image as Pillow

from fukami.core.errors import DataError, UsageError
from fukami.core.recipe import DataChoices
from fukami.core.tables import Column
from fukami.data import read
from fukami.fields.batch import Rows
from fukami.fields.frame import Moved, Plane
from fukami.fields.keypoints.field import Keypoints
from fukami.fields.keypoints.marks import Posed, of_cell, posed
from fukami.layers.heat import bump, misfit, places
from fukami.models.pose_heatmap import largest
from tests import stick_figures

KINDS = ("image", "keypoints")
FACE = {"nose": [4, 5], "left_eye": [6, 2], "right_eye": [2, 2]}


def cells(*told) -> Column:
    return Column("keypoints", pa.array([one if one is None or isinstance(one, str) else json.dumps(one) for one in told]))


# -- readers ---------------------------------------------------------------------------------------------------------------
def test_coco_round_trip(tmp_path):
    """What was written is what is read, stored, answered by a model that is always right, and told."""
    stick_figures.write(tmp_path, {"train": 3, "test": 2}, size=40, people=2)
    table = read(tmp_path, DataChoices(), kinds=KINDS)
    column = table.columns["keypoints"]
    assert table.layout == "coco" and sorted(table.parts) == ["test"] * 2 + ["train"] * 3
    assert column.told["points"] == list(stick_figures.NAMES) and column.told["lines"][0] == [0, 1]
    field = Keypoints().learn([column])
    told = field.restore(field.ideal(field.truth(field.batch(field.encode([column]), np.arange(5)))))
    for path, answer in zip(table.columns["image"].strings(), told, strict=True):
        whole = json.loads((tmp_path / path.split("/")[-2] / "annotations.json").read_text())
        number = next(one["id"] for one in whole["images"] if path.endswith(one["file_name"]))
        wanted = [one for one in whole["annotations"] if one["image_id"] == number]
        assert len(wanted) == len(answer["keypoints"])
        for one, thing in zip(wanted, answer["keypoints"], strict=True):
            assert thing["box"] == pytest.approx(one["bbox"], abs=0.02)
            flat = np.array(one["keypoints"]).reshape(-1, 3)
            known = {name: row for name, row in zip(stick_figures.NAMES, flat, strict=True) if row[2] > 0}
            assert set(thing["points"]) == set(known)
            assert all(thing["points"][name]["x"] == pytest.approx(row[0], abs=0.01) for name, row in known.items())


def test_a_table_of_points(tmp_path):
    Pillow.new("L", (20, 10)).save(tmp_path / "a.png")
    Pillow.new("L", (20, 10)).save(tmp_path / "b.png")
    (tmp_path / "pose.csv").write_text(
        "image,nose_x,nose_y,nose_visible,tail.x,tail.y,split\na.png,1,2,true,3,4,train\na.png,5,6,0,7.5,8,train\nb.png,,,,,,test\n"
    )
    table = read(tmp_path / "pose.csv", DataChoices(), kinds=KINDS)
    first, second = posed(table.columns["keypoints"])
    assert isinstance(first, Posed) and isinstance(second, Posed) and table.layout == "point-tables"
    assert first.points == ({"nose": (1, 2), "tail": (3, 4)}, {"tail": (7.5, 8)}) and second.points == ()
    assert list(table.parts) == ["train", "test"] and table.columns["image"].where(1).startswith(f"{tmp_path / 'pose.csv'}:4")
    assert read(tmp_path, DataChoices(), kinds=KINDS).layout == "point-tables", "the folder as well"
    (tmp_path / "pose.csv").write_text("who,nose_x,nose_y\nme,1,2\n")
    with pytest.raises(DataError, match="F-KEYPOINTS-PICTURE"):
        read(tmp_path / "pose.csv", DataChoices(), kinds=KINDS)


def test_categories_of_different_points_are_refused(tmp_path):
    stick_figures.write(tmp_path, {"train": 1, "test": 1}, size=20)
    path = tmp_path / "test" / "annotations.json"
    told = json.loads(path.read_text())
    told["categories"][0]["keypoints"] = ["a", "b"]
    path.write_text(json.dumps(told))
    with pytest.raises(DataError, match="F-KEYPOINTS-NAMES"):
        read(tmp_path, DataChoices(), kinds=KINDS)


# -- cells -----------------------------------------------------------------------------------------------------------------
BROKEN = {
    "no JSON": "[{",
    "a word": '"nose"',
    "a number": "3",
    "no things": "[3]",
    "no points": [{"label": "person"}],
    "points that are a word": [{"points": "nose"}],
    "a point of one number": [{"points": {"nose": [1]}}],
    "a point of four numbers": [{"points": {"nose": [1, 2, 3, 4]}}],
    "a point that is a word": [{"points": {"nose": "here"}}],
    "no numbers": [{"points": {"nose": ["a", "b"]}}],
    "no finite numbers": '[{"points": {"nose": [NaN, 2]}}]',
    "endless numbers": '[{"points": {"nose": [1e999, 2]}}]',
    "a huge number": [{"points": {"nose": [1e30, 2]}}],
    "half a place": [{"points": {"nose": [1, None]}}],
    "numbers for no points": [{"keypoints": [1, 2, 2, 3, 4]}],
    "a box of three numbers": [{"points": FACE, "box": [1, 2, 3]}],
    "a box of words": [{"points": FACE, "box": ["a", 1, 2, 3]}],
    "an area of a word": [{"points": FACE, "area": "large"}],
    "a visibility of a word": [{"points": {"nose": [1, 2, "seen"]}}],
}


@pytest.mark.parametrize("why", BROKEN)
def test_broken_cells_are_told_and_left_out(why):
    column = cells([{"points": FACE}], BROKEN[why])
    field = Keypoints()
    problems = {one.code: one for one in field.check([column])}
    assert problems["F-KEYPOINTS-FORM"].count == 1 and problems["F-KEYPOINTS-FORM"].severity == "warning"
    assert field.usable([column]).tolist() == [True, False]
    assert len(field.learn([column]).encode([column])["things"]) == 2


def test_forms_of_one_thing():
    names = list(FACE)
    forms = [
        [{"points": FACE}], {"people": [{"points": FACE}], "size": [9, 9]}, {"points": FACE},
        [{"points": {name: {"x": x, "y": y, "visible": 1} for name, (x, y) in FACE.items()}}],
        [{"keypoints": [v for x, y in FACE.values() for v in (x, y, 2)]}], [{"keypoints": [list(p) for p in FACE.values()]}],
        [{"keypoints": [v for point in FACE.values() for v in point]}],
    ]  # fmt: skip
    for form in forms:
        found = of_cell(json.dumps(form), names)
        assert found is not None and found.points[0] == {name: tuple(map(float, place)) for name, place in FACE.items()}, form
    array = np.array([[list(place) for place in FACE.values()]], float)
    assert Keypoints.recognise(Column("x", array)) > 0.5
    assert posed(Column("x", array, told={"points": names}))[0].points[0]["nose"] == (4, 5)  # type: ignore[union-attr]


def test_what_the_doctor_finds():
    far = {"points": FACE, "box": [500, 500, 10, 10]}
    same = {"points": {name: [3, 3] for name in FACE}}
    column = cells([far], [same], [{"points": FACE}, {"points": FACE}], None, [])
    codes = {one.code for one in Keypoints().check([column])}
    assert codes == {
        "F-KEYPOINTS-APART", "F-KEYPOINTS-SAME", "F-KEYPOINTS-TWICE", "F-KEYPOINTS-MISSING", "F-KEYPOINTS-SEVERAL",
        "F-KEYPOINTS-FEW",
    }  # fmt: skip
    learned = Keypoints().learn([cells([{"points": FACE}])])
    strange = cells([{"points": {"elbow": [1, 2]}, "label": "dog"}])
    assert {one.code for one in learned.check([strange])} == {"F-KEYPOINTS-UNKNOWN", "F-KEYPOINTS-CLASS"}
    assert "F-KEYPOINTS-SIDES" in {one.code for one in Keypoints().check([cells([{"points": {"a": [1, 2], "b": [3, 4]}}])])}
    assert [one.code for one in Keypoints().check([cells([], [])])] == ["F-KEYPOINTS-NONE"]
    with pytest.raises(DataError, match="F-KEYPOINTS-NONE"):
        Keypoints().learn([cells([])])


def test_points_beside_their_picture():
    plane = Plane(np.tile(np.eye(2, 3), (3, 1, 1)), np.tile([8, 8], (3, 1)), (8, 8))
    shares = [{"points": {"nose": [0.4, 0.5]}}]
    column = cells(shares, {"people": [{"points": FACE}], "size": [99, 8]}, [{"points": {**FACE, "nose": [20, 5]}}])
    codes = {one.code for one in Keypoints().check_on([column], {"image": plane})}
    assert codes == {"F-KEYPOINTS-SHARES", "F-KEYPOINTS-SIZE", "F-KEYPOINTS-BEYOND"}
    field = Keypoints().learn([column])
    batch = field.batch(field.encode([column], frames={"image": plane}), np.array([2]))
    assert batch.columns["points"][0, :, 2].tolist() == [0, 1, 1], "beyond the edge is not known"


# -- moving ----------------------------------------------------------------------------------------------------------------
def test_a_mirrored_picture_changes_left_and_right():
    column = cells([{"points": FACE}])
    plane = Plane(np.tile(np.eye(2, 3), (1, 1, 1)), np.array([[8, 8]]), (8, 8))
    mirror = Moved(torch.tensor([[[-1.0, 0, 0], [0, 1, 0]]]))
    for pairs, first in (("auto", "right_eye"), ("none", "left_eye"), ("left_eye:right_eye", "right_eye")):
        field = Keypoints(options=Keypoints.Options(pairs=pairs)).learn([column])
        batch = field.batch(field.encode([column], frames={"image": plane}), np.array([0]))
        points = field.follow(batch, mirror).columns["points"][0] * 8
        assert points[field.state["points"].index(first), :2].tolist() == [2, 2], "x = 6 is now 2"
    with pytest.raises(UsageError, match="F-KEYPOINTS-PAIRS"):
        Keypoints(options=Keypoints.Options(pairs="left_eye:ear")).learn([column])


def test_what_leaves_the_picture_is_not_known():
    field = Keypoints().learn([cells([{"points": FACE}])])
    plane = Plane(np.tile(np.eye(2, 3), (1, 1, 1)), np.array([[8, 8]]), (8, 8))
    batch = field.batch(field.encode([cells([{"points": FACE}])], frames={"image": plane}), np.array([0]))
    moved = field.follow(batch, Moved(torch.tensor([[[1.0, 0, 0.75], [0, 1, 0]]])))  # 3 pixels to the left
    assert moved.columns["points"][0, :, 2].tolist() == [1, 1, 0] and moved.columns["points"][0, 2].tolist() == [0, 0, 0]


# -- heat ------------------------------------------------------------------------------------------------------------------
def test_a_point_is_read_between_cells():
    wanted = torch.tensor([[3.3, 5.8], [0.5, 7.5], [6.1, 2.0]])
    maps = torch.stack([bump(y[None], 9, 1.0)[0][:, None] * bump(x[None], 9, 1.0)[0] for x, y in wanted])
    at_B2, sure_B = places(maps.log())
    torch.testing.assert_close(at_B2[[0, 2]], wanted[[0, 2]], atol=0.12, rtol=0)
    assert (sure_B > 0.9).all()
    assert misfit(maps.log(), wanted, 1.0).abs().max() < 1e-4, "nothing is left to learn"
    logits = torch.randn(2, 4, 5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: misfit(x, wanted[:2].double(), 1.0), (logits,))


def test_the_largest_thing_that_is_judged_is_learned():
    box = torch.tensor([[0, 0, 1, 1], [0, 0, 0.5, 0.5], [0, 0, 0.9, 0.9], [0, 0, 0.2, 0.2]], dtype=torch.float32)
    points = torch.ones(4, 2, 3)
    points[2, :, 2] = 0
    things = Rows({"box": box, "points": points, "ignored": torch.tensor([2, 0, 0, 0])}, torch.tensor([3, 0, 1]))
    row_B, some_B = largest(things)
    assert row_B[[0, 2]].tolist() == [1, 3] and some_B.tolist() == [1, 0, 1]

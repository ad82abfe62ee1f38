"""Masks: what is read of files, which values are classes, what the doctor says, sizes, names, answers."""

import base64
import io
import json

import numpy as np
import pyarrow as pa
import pytest
import torch
from PIL import Image as Pillow

from fukami.core.errors import DataError
from fukami.core.recipe import DataChoices, Recipe
from fukami.core.tables import Column
from fukami.data.readers import masks as reader
from fukami.data.readers import read_any
from fukami.fields.frame import Moved, Plane
from fukami.fields.mask import decode, names
from fukami.fields.mask.field import Mask
from fukami.training.prepare import examined

HALVES = np.repeat([[0, 0, 0, 1, 1, 1]], 4, 0).astype(np.uint8)


def column(*arrays, told=None) -> list[Column]:
    return [Column("mask", np.stack(arrays), told=told or {})]


def files(folder, *arrays, ending="png", **options) -> list[Column]:
    folder.mkdir(parents=True, exist_ok=True)
    for number, array in enumerate(arrays):
        image = array if isinstance(array, Pillow.Image) else Pillow.fromarray(array)
        image.save(folder / f"{number}.{ending}", **options)
    return [Column("mask", pa.array([f"{n}.{ending}" for n in range(len(arrays))]), base=folder)]


def codes(problems) -> dict[str, str]:
    return {problem.code: problem.severity for problem in problems}


# -- values and classes --------------------------------------------------------------------------------------------------
def test_classes_are_values_in_order_and_255_is_not_judged():
    mask = np.array([[0, 7, 255, 3]], np.uint8)
    field = Mask().learn(column(mask))
    assert field.state["classes"] == ["0", "3", "7"] and field.state["ignored"] == [255]
    assert field.encode(column(mask))["index"].tolist() == [[[0, 2, 255, 1]]]
    assert field.state["counts"] == [1, 1, 1]


def test_black_and_white_are_two_classes():
    field = Mask().learn(column(HALVES * 255))
    assert field.state["classes"] == ["0", "255"] and not field.state["ignored"]


def test_names_come_with_the_column_and_void_is_not_judged():
    told = {"classes": [{"name": n, "value": v} for v, n in enumerate(["sky", "road", "Void"])]}
    field = Mask().learn(column(HALVES, told=told))
    assert field.state["classes"] == ["sky", "road"] and 2 in field.state["ignored"]
    assert field.encode(column(HALVES + 1, told=told))["index"].max() == 255
    chosen = Mask(options=Mask.Options(ignore="sky")).learn(column(HALVES + 1, told=told))
    assert chosen.state["classes"] == ["road", "Void"]
    with pytest.raises(DataError, match="neither a number nor"):
        Mask(options=Mask.Options(ignore="nobody")).learn(column(HALVES, told=told))


def test_a_class_with_a_name_is_there_though_no_training_mask_shows_it():
    told = {"classes": [{"name": n, "value": v} for v, n in enumerate(["a", "b", "c"])]}
    field = Mask().learn(column(HALVES, told=told))
    assert field.state["classes"] == ["a", "b", "c"] and field.state["counts"] == [12, 12, 0]


def test_colours_are_classes(tmp_path):
    rgb = np.zeros((4, 6, 3), np.uint8)
    rgb[:, 3:] = (128, 64, 0)
    cells = files(tmp_path, rgb)
    field = Mask().learn(cells)
    assert field.state["coloured"] and field.state["classes"] == ["#000000", "#804000"]
    assert np.array_equal(field.encode(cells)["index"][0], HALVES)
    again = field.written(HALVES)
    assert np.array_equal(np.asarray(Pillow.open(io.BytesIO(base64.b64decode(again.partition(",")[2])))), rgb)


def test_palettes_alpha_and_grey_in_colour_are_numbers(tmp_path):
    palette = Pillow.fromarray(HALVES)
    palette.putpalette([9, 9, 9, 200, 10, 10] + [0] * 762)
    grey = np.stack([HALVES] * 3, 2)
    clear = np.dstack([grey, np.full_like(HALVES, 255)])
    for image in (palette, grey, clear, HALVES.astype(bool)):
        values, coloured, _lossy = decode.read(files(tmp_path, image)[0].base.joinpath("0.png").read_bytes(), None, "")
        assert not coloured and np.array_equal(values > 0, HALVES > 0)


def test_sixteen_bits_are_read(tmp_path):
    deep = HALVES.astype(np.uint16) * 1000
    field = Mask().learn(files(tmp_path, deep))
    assert field.state["values"] == [0, 1000]
    assert np.array_equal(field.encode([Column("m", pa.array([field.written(HALVES)]))])["index"][0], HALVES)


# -- names ---------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sky\nroad\n", [("sky", 0), ("road", 1)]),
        ("0 sky\n4 road side\n", [("sky", 0), ("road side", 4)]),
        ("64 128 64\tAnimal\n", [("Animal", 0x408040)]),
        ("# label:color_rgb:parts:actions\nbackground:0,0,0::\ncat:128,0,0::\n", [("background", 0), ("cat", 0x800000)]),
        ("name,r,g,b\nWater,0,0,255\n", [("Water", 255)]),
    ],
)
def test_files_of_names(tmp_path, text, expected):
    (tmp_path / "classes.txt").write_text(text)
    assert [(one.name, one.value) for one in names.of_file(tmp_path / "classes.txt")] == expected


@pytest.mark.parametrize("told", [["a", "b"], {"0": "a", "1": "b"}, {"a": 0, "b": 1}])
def test_names_in_json(tmp_path, told):
    (tmp_path / "classes.json").write_text(json.dumps(told))
    assert [(one.name, one.value) for one in names.beside([tmp_path])] == [("a", 0), ("b", 1)]


def test_names_by_option(tmp_path):
    assert [one.name for one in names.of_option("a, b")] == ["a", "b"]
    with pytest.raises(DataError):
        names.of_option("nowhere.txt")


# -- sizes and frames ----------------------------------------------------------------------------------------------------
def test_the_stored_size_is_that_of_the_data_and_bounded():
    big = np.repeat(np.repeat(HALVES, 300, 0), 300, 1)  # 1200 × 1800
    assert Mask().learn(column(big)).state["width"] == 512
    assert Mask(options=Mask.Options(longest_px=90)).learn(column(big)).state["height"] == 60


def test_answers_are_as_large_as_the_picture_that_was_given():
    field = Mask().learn(column(HALVES))
    plane = Plane(np.array([[[2.0, 0, 0], [0, 2.0, 2.0]]]), np.array([[6, 4]]), (12, 12))  # padded above and below
    square = Mask(state=field.state | {"height": 12, "width": 12})
    stored = square.encode(column(HALVES), frames={"image": plane})["index"]
    assert (stored[0, :2] == 255).all() and (stored[0, 10:] == 255).all() and np.array_equal(stored[0, 2:10:2, ::2], HALVES)
    (answer,) = square.restore(square.ideal(torch.from_numpy(stored)), frames={"image": plane})
    values, _coloured, _lossy = decode.read(answer["mask"], None, "")
    assert np.array_equal(values, HALVES) and answer["classes"] == {"0": 0.5, "1": 0.5} and answer["score"] == 1.0


def test_mirrored_masks_are_mirrored_exactly():
    moved = Moved(torch.tensor([[[-1.0, 0, 0], [0, 1.0, 0]]]))
    batch = torch.from_numpy(HALVES)[None]
    assert torch.equal(Mask().follow(batch, moved), batch.flip(-1))


def test_outputs_of_any_size_are_judged_at_the_size_of_the_masks():
    field = Mask().learn(column(np.repeat(np.repeat(HALVES, 4, 0), 4, 1)))
    outputs = torch.randn(3, 2, 5, 7)
    answers = field.answers(outputs)
    assert answers["class"].shape == answers["sure"].shape == (3, 16, 24)
    wide = torch.nn.functional.interpolate(outputs, (16, 24), mode="bilinear").softmax(1)
    assert torch.equal(answers["class"].long(), wide.argmax(1))
    torch.testing.assert_close(answers["sure"].float(), wide.amax(1), atol=1e-3, rtol=0)
    _outputs, targets = field.paired(outputs, answers["class"])
    assert targets.shape == (3, 5, 7)


# -- the doctor ----------------------------------------------------------------------------------------------------------
def shades(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 200, (32, 32)).astype(np.uint8)


@pytest.mark.parametrize(
    ("broken", "expected"),
    [
        ("cut", {"F-MASK-BROKEN": "warning"}),
        ("empty", {"F-IMAGE-EMPTY": "warning"}),
        ("text", {"F-IMAGE-UNREADABLE": "warning"}),
        ("missing", {"F-IMAGE-MISSING": "warning"}),
        ("jpeg", {"F-MASK-LOSSY": "error"}),
        ("black and white jpeg", {"F-MASK-LOSSY": "warning"}),
        ("shades", {"F-MASK-VALUES": "warning"}),
        ("one class", {"F-MASK-CLASSES": "error"}),
        ("ignored everywhere", {"F-MASK-NOTHING": "warning"}),
        ("mostly empty", {"F-MASK-ONE-CLASS": "warning"}),
        ("base64", {"F-MASK-BASE64": "warning"}),
        ("unknown", {"F-MASK-UNKNOWN": "warning"}),
        ("absent", {"F-MASK-ABSENT": "note"}),
    ],
)
def test_what_is_wrong_with_masks_is_told(tmp_path, broken, expected):
    good = [np.repeat(np.repeat(HALVES + n % 2, 8, 0), 8, 1) for n in range(6)]
    (cells,) = files(tmp_path, *good)
    field = Mask()
    if broken == "cut":
        (tmp_path / "0.png").write_bytes((tmp_path / "0.png").read_bytes()[:60])
    elif broken == "empty":
        (tmp_path / "0.png").write_bytes(b"")
    elif broken == "text":
        (tmp_path / "0.png").write_text("no mask")
    elif broken == "missing":
        (tmp_path / "0.png").unlink()
    elif broken == "jpeg":
        (cells,) = files(tmp_path / "j", *[np.roll(g, 3, 1) * 90 for g in good], ending="jpg", quality=60)
    elif broken == "black and white jpeg":
        (cells,) = files(tmp_path / "j", *[(g > 0).astype(np.uint8) * 255 for g in good], ending="jpg")
        assert Mask().learn([cells]).state["values"] == [0, 255]
    elif broken == "shades":
        (cells,) = files(tmp_path / "s", *(shades(seed) for seed in range(6)))
    elif broken == "one class":
        (cells,) = files(tmp_path / "o", *[np.zeros((8, 8), np.uint8)] * 6)
    elif broken == "ignored everywhere":
        (cells,) = files(tmp_path / "i", *good, np.full((32, 48), 255, np.uint8))
    elif broken == "mostly empty":
        (cells,) = files(tmp_path / "e", *good[:2], *[np.zeros((32, 48), np.uint8)] * 6)
    elif broken == "base64":
        cells = Column("mask", pa.array([decode.PREFIX + "?!", *(Mask().learn([cells]).written(g) for g in good)]))
    elif broken == "unknown":
        field = Mask().learn([cells])
        (cells,) = files(tmp_path / "u", *good, good[0] + 40)
    elif broken == "absent":
        field = Mask(options=Mask.Options(classes="a,b,c,d"))
    assert expected.items() <= codes(field.check([cells])).items()


def pairs(folder, *, mask_shape=(32, 48), total=8, mode="images"):
    rng = np.random.default_rng(0)
    for number in range(total):
        (folder / "images").mkdir(parents=True, exist_ok=True)
        (folder / "masks").mkdir(parents=True, exist_ok=True)
        Pillow.fromarray(rng.integers(0, 255, (32, 48, 3), dtype=np.uint8)).save(folder / "images" / f"{number}.jpg")
        mask = np.zeros(mask_shape, np.uint8)
        mask[: 4 + number] = 1
        Pillow.fromarray(mask).save(folder / "masks" / f"{number}.png")


def test_masks_of_another_shape_than_their_pictures_are_refused(tmp_path):
    pairs(tmp_path, mask_shape=(48, 32))
    problems = codes(examined(recipe(), tmp_path, raising=False).problems)
    assert problems["F-MASK-SIZE"] == "error"


def test_masks_of_half_the_size_are_fitted(tmp_path):
    pairs(tmp_path, mask_shape=(16, 24))
    problems = codes(examined(recipe(), tmp_path, raising=False).problems)
    assert problems["F-MASK-SCALED"] == "note" and "error" not in problems.values()


def recipe() -> Recipe:
    return Recipe("semantic-segmentation")


# -- layouts -------------------------------------------------------------------------------------------------------------
LAYOUTS = {
    "side by side": ("images/{n}.jpg", "masks/{n}.png", ""),
    "camvid": ("train/{n}.jpg", "trainannot/{n}.png", "train"),
    "parts above": ("val/images/{n}.jpg", "val/labels/{n}.png", "valid"),
    "parts below": ("images/test/{n}.jpg", "annotations/test/{n}.png", "test"),
    "kaggle": ("train/{n}.png", "train_labels/{n}_L.png", "train"),
    "one folder": ("{n}.jpg", "{n}_mask.png", ""),
    "voc": ("JPEGImages/{n}.jpg", "SegmentationClass/{n}.png", ""),
    "fastai": ("images/{n}.png", "labels/{n}_P.png", ""),
    "nnunet": ("imagesTr/{n}.png", "labelsTr/{n}.png", "train"),
    "cityscapes": ("leftImg8bit/train/a/{n}_leftImg8bit.png", "gtFine/train/a/{n}_gtFine_labelIds.png", "train"),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts_are_read(tmp_path, layout):
    picture, mask, part = LAYOUTS[layout]
    for number in range(4):
        for path, array in ((picture, np.full((8, 8, 3), number, np.uint8)), (mask, np.full((8, 8), number, np.uint8))):
            target = tmp_path / path.format(n=f"x{number}")
            target.parent.mkdir(parents=True, exist_ok=True)
            Pillow.fromarray(array).save(target)
    table = read_any(tmp_path, DataChoices(), kinds=("image", "mask"))
    assert table.layout == "masks" and len(table) == 4 and set(table.parts) == {part}
    stems = [[value.rpartition("/")[2][:2] for value in table.columns[name].strings()] for name in ("image", "mask")]
    assert stems[0] == stems[1] == ["x0", "x1", "x2", "x3"]


def test_lists_of_names_are_parts(tmp_path):
    pairs(tmp_path)
    (tmp_path / "valid.txt").write_text("1.jpg\n3.jpg\n")
    (tmp_path / "codes.txt").write_text("nothing\nsomething\n")
    table = reader.read(tmp_path, DataChoices())
    assert np.flatnonzero(table.parts == "valid").tolist() == [1, 3] and (table.parts == "train").sum() == 6
    assert [one["name"] for one in table.columns["mask"].told["classes"]] == ["nothing", "something"]


def test_what_has_no_partner_is_told(tmp_path):
    pairs(tmp_path)
    (tmp_path / "images" / "0.jpg").unlink()
    (tmp_path / "masks" / "1.png").unlink()
    (tmp_path / "masks" / "2.tif").write_bytes((tmp_path / "masks" / "2.png").read_bytes())
    table = reader.read(tmp_path, DataChoices())
    assert len(table) == 6
    assert codes(table.problems) == {"F-MASK-MISSING": "warning", "F-MASK-ALONE": "warning", "F-MASK-SEVERAL": "warning"}


def test_no_pair_at_all_is_an_error(tmp_path):
    pairs(tmp_path)
    for path in (tmp_path / "masks").iterdir():
        path.rename(path.with_name(f"other{path.name}"))
    with pytest.raises(DataError, match="no picture here has a mask"):
        reader.read(tmp_path, DataChoices())


def test_folders_of_classes_are_still_read_by_those_who_want_classes(tmp_path):
    pairs(tmp_path)
    assert read_any(tmp_path, DataChoices(), kinds=("image", "category")).layout == "folder"

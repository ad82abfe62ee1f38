"""Depth: what is read, what the doctor finds, what is not known, and what broken maps are answered with."""

import numpy as np
import pyarrow as pa
import pytest
import torch
from PIL import Image as Pillow

from fukami.core.errors import DataError
from fukami.core.recipe import DataChoices, LearningChoices
from fukami.core.tables import Column
from fukami.data import read
from fukami.fields.depth import decode
from fukami.fields.depth.field import Depth
from fukami.fields.frame import Moved, Plane
from fukami.metrics.contract import Running
from fukami.metrics.states.depth import errors
from fukami.objectives import scale_invariant_log
from tests import depth_scenes

KINDS = ("image", "depth")
SLOPE = np.arange(1, 49, dtype=np.uint16).reshape(6, 8) * 500


def paths(*found) -> Column:
    return Column("depth", pa.array([str(one) for one in found]))


# -- readers ---------------------------------------------------------------------------------------------------------------
def test_folders_of_pictures_and_depth(tmp_path):
    depth_scenes.write(tmp_path, {"train": 2, "test": 1}, height=12, width=16)
    table = read(tmp_path, DataChoices(), kinds=KINDS)
    assert table.layout == "depth-maps" and sorted(table.parts) == ["test", "train", "train"]
    field = Depth(options=Depth.Options(depth_scale=0.001)).learn([table.columns["depth"]])
    assert 1 < field.state["median"] < 12 and field.state["step"] == 0.001, "metres of millimetres"
    (told, *_others) = field.restore(torch.from_numpy(field.encode([table.columns["depth"]])["depth"]))
    again = decode.read(told["depth"], None, "", 1.0, told["step"])
    np.testing.assert_allclose(again, field.encode([table.columns["depth"]])["depth"][0], atol=1e-6)


@pytest.mark.parametrize(
    ("picture", "depth"),
    [
        ("a.jpg", "a_depth.npy"), ("a.png", "a_depth.png"), ("rgb_01.png", "depth_01.png"), ("rgb/01.png", "depth/01.tiff"),
        ("rgb_01.png", "sync_depth_01.png"), ("images/a.png", "depths/a.npz"), ("x/a.png", "x/a.npy"),
    ],
)  # fmt: skip
def test_names_that_belong_together(tmp_path, picture, depth):
    for name in (picture, depth):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    Pillow.new("RGB", (8, 6)).save(tmp_path / picture)
    if depth.endswith(".npy"):
        np.save(tmp_path / depth, SLOPE / 1000)
    elif depth.endswith(".npz"):
        np.savez(tmp_path / depth, other=np.zeros(3), depth=SLOPE / 1000)
    elif depth.endswith(".tiff"):
        Pillow.fromarray((SLOPE / 1000).astype(np.float32)).save(tmp_path / depth)
    else:
        Pillow.fromarray(SLOPE).save(tmp_path / depth)
    column = read(tmp_path, DataChoices(), kinds=KINDS).columns["depth"]
    field = Depth(options=Depth.Options(depth_scale=0.001)).learn([column])
    np.testing.assert_allclose(field.encode([column])["depth"][0], SLOPE / 1000, rtol=1e-5)


def test_what_has_no_partner_is_told(tmp_path):
    for name in ("rgb/a.png", "rgb/b.png", "depth/a.png", "depth/c.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Pillow.fromarray(SLOPE).save(tmp_path / name)
    table = read(tmp_path, DataChoices(), kinds=KINDS)
    assert len(table) == 1 and {one.code for one in table.problems} == {"F-DEPTH-MISSING", "F-DEPTH-ALONE"}
    (tmp_path / "depth" / "a.png").unlink()
    with pytest.raises(DataError, match="F-DEPTH-PAIRS"):
        read(tmp_path, DataChoices(layout="depth-maps"), kinds=KINDS)


# -- maps ------------------------------------------------------------------------------------------------------------------
def broken(folder, why: str):
    """A file that is no depth map."""
    made = {
        "no picture": lambda path: path.write_text("x"),
        "nothing": lambda path: path.write_bytes(b""),
        "colours": lambda path: Pillow.new("RGB", (8, 6), (9, 8, 7)).save(path),
        "shades of a photo": lambda path: Pillow.fromarray(SLOPE.astype(np.uint8)).save(path, "JPEG"),
        "a film": lambda path: Pillow.fromarray(SLOPE.astype(np.uint8)).save(path, "GIF"),
        "cut off": lambda path: (Pillow.fromarray(SLOPE).save(path), path.write_bytes(path.read_bytes()[:60])),
        "zeros": lambda path: Pillow.fromarray(SLOPE * 0).save(path),
        "no array": lambda path: path.with_suffix(".npy").write_text("x"),
        "words": lambda path: np.save(path.with_suffix(".npy"), np.full((6, 8), "far")),
        "objects": lambda path: np.save(path.with_suffix(".npy"), np.full((6, 8), None), allow_pickle=True),
        "three axes": lambda path: np.save(path.with_suffix(".npy"), np.ones((6, 8, 3))),
        "one axis": lambda path: np.save(path.with_suffix(".npy"), np.ones(9)),
        "no number": lambda path: np.save(path.with_suffix(".npy"), np.full((6, 8), np.nan)),
        "endless": lambda path: np.save(path.with_suffix(".npy"), np.full((6, 8), np.inf)),
        "below zero": lambda path: np.save(path.with_suffix(".npy"), np.full((6, 8), -1.0)),
        "another kind": lambda path: path.with_suffix(".exr").write_bytes(b"v/1\x01"),
        "no file": lambda path: None,
    }
    path = folder / "b.png"
    made[why](path)
    return next((one for one in folder.glob("b.*")), path)


BROKEN = (
    "no picture", "nothing", "colours", "shades of a photo", "a film", "cut off", "zeros", "no array", "words", "objects",
    "three axes", "one axis", "no number", "endless", "below zero", "another kind", "no file",
)  # fmt: skip


@pytest.mark.parametrize("why", BROKEN)
def test_broken_maps_are_told_and_left_out(tmp_path, why):
    Pillow.fromarray(SLOPE).save(tmp_path / "a.png")
    column = paths(tmp_path / "a.png", broken(tmp_path, why))
    problems = [one for one in Depth().check([column]) if one.code.startswith("F-") and one.count == 1]
    assert problems and all(one.severity == "warning" and one.what and one.where and one.fix for one in problems)
    assert Depth().usable([column]).tolist() == [True, False]
    with pytest.raises(DataError):
        Depth().learn([column.take(np.array([1]))])


def test_what_the_doctor_finds(tmp_path):
    maps = {
        "a": SLOPE, "b": SLOPE, "flat": np.full((6, 8), 900, np.uint16), "little": np.where(SLOPE == 500, SLOPE, 0),
        "shades": (SLOPE // 100).astype(np.uint8),
    }  # fmt: skip
    for name, values in maps.items():
        Pillow.fromarray(values).save(tmp_path / f"{name}.png")
    np.save(tmp_path / "metres.npy", SLOPE / 1000)
    column = paths(*(tmp_path / f"{name}.png" for name in maps), tmp_path / "metres.npy")
    codes = {one.code for one in Depth().check([column])}
    assert codes == {"F-DEPTH-FLAT", "F-DEPTH-LITTLE", "F-DEPTH-SHADES", "F-DEPTH-UNIT"}
    turned = Plane(np.tile(np.eye(2, 3), (6, 1, 1)), np.tile([6, 8], (6, 1)), (8, 8))
    assert [one.code for one in Depth().check_on([column], {"image": turned})] == ["F-DEPTH-SIZE"]


# -- what is not known -----------------------------------------------------------------------------------------------------
def test_what_is_not_known_is_neither_learned_nor_judged():
    near = np.full((2, 4, 6), 2.0, np.float32)
    near[:, 0], near[1, 1] = 0, np.nan
    field = Depth().learn([Column("depth", near)])
    batch = field.batch(field.encode([Column("depth", near)]), np.arange(2))
    assert (batch > 0).sum().item() == 18 + 12
    outputs = torch.zeros(2, 1, 4, 6, requires_grad=True)
    loss_B = scale_invariant_log.build(LearningChoices())(*field.paired(outputs, batch))
    loss_B.sum().backward()
    assert outputs.grad is not None and torch.isfinite(loss_B).all() and (outputs.grad[batch.unsqueeze(1) == 0] == 0).all()
    answers = torch.full((2, 4, 6), 2.0)
    answers[:, 0] = 100
    running = Running(["abs_rel", "delta1", "depth_rmse"], field)
    running.update(answers.numpy(), batch.numpy())
    assert running.compute() == {"abs_rel": 0.0, "delta1": 1.0, "depth_rmse": 0.0}
    moved = field.follow(batch, Moved(torch.tensor([[[1.0, 0, 1], [0, 1, 0]]] * 2)))
    assert (moved[:, :, 3:] == 0).all(), "beyond the edge nothing is known"


def test_the_loss_is_its_formula():
    rng = np.random.default_rng(0)
    outputs, targets = (torch.from_numpy(rng.normal(size=(3, 4, 5))) for _ in range(2))
    off = (outputs - targets).flatten(1)
    wanted = ((off**2).mean(1) - 0.85 * off.mean(1) ** 2).sqrt()
    loss = scale_invariant_log.build(LearningChoices())
    torch.testing.assert_close(loss(outputs, targets), wanted)
    assert torch.autograd.gradcheck(lambda x: loss(x, targets), (outputs.requires_grad_(),))


def test_figures_are_their_definitions():
    rng = np.random.default_rng(1)
    true, said = rng.uniform(0.5, 9, (2, 7, 8)), rng.uniform(0.5, 9, (2, 7, 8))
    running = Running(["abs_rel", "delta1", "depth_rmse"], Depth(state={}))
    running.update(said, true)
    ratio = np.maximum(said / true, true / said)
    assert running.compute() == pytest.approx(
        {
            "abs_rel": (np.abs(said - true) / true).mean(), "delta1": (ratio < 1.25).mean(),
            "depth_rmse": np.mean([np.sqrt(((s - t) ** 2).mean()) for s, t in zip(said, true, strict=True)]),
        }
    )  # fmt: skip
    assert errors(said[0], true[0])[3] == pytest.approx(np.sqrt((np.log(said[0] / true[0]) ** 2).mean()))

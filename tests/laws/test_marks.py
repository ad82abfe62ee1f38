"""What is marked on a picture stays where it is marked: stored, varied, and told in the picture that was given.

Every framed kind of target has a file in `tests/laws/marks/` that marks rectangles. B batch.
"""

import importlib

import numpy as np
import pytest
import torch

from fukami.core.cards import cards
from fukami.core.tables import Column
from fukami.data.store import frames_of, prepare
from fukami.engine.loop import augmented
from fukami.fields.image.field import Image
from fukami.fields.registry import field_class

ON_PICTURES = {kind for task in cards("tasks").values() if "image" in task.inputs for kind in task.targets}
FRAMED = [kind for kind in sorted(ON_PICTURES) if field_class(kind).framed]
TOTAL, HEIGHT, WIDTH = 12, 60, 80
WAYS = (
    {"flip": "yes"},
    {"shift": 0.2},
    {"flip": "yes", "shift": 0.2},
    {"rotate_deg": 40.0},
    {"zoom": 0.3},
    {"crop": 0.5},
    {"flip": "yes", "rotate_deg": 20.0, "crop": 0.6, "shift": 0.1, "brightness": 0.2, "erase": 0.0},
)


def drawn(seed: int = 0) -> tuple[np.ndarray, list[Column]]:
    """Rectangles, and pictures on which they are white."""
    rng = np.random.default_rng(seed)
    left, top = rng.integers(25, 40, TOTAL), rng.integers(18, 30, TOTAL)
    rectangles = np.stack([left, top, left + rng.integers(8, 16, TOTAL), top + rng.integers(8, 14, TOTAL)], 1)
    pictures = np.zeros((TOTAL, HEIGHT, WIDTH, 3), np.uint8)
    for picture, (x0, y0, x1, y1) in zip(pictures, rectangles, strict=True):
        picture[y0:y1, x0:x1] = 255
    return rectangles, [Column("image", pictures)]


def bright(x_BCHW: torch.Tensor) -> np.ndarray:
    """The middle of what is white in each picture."""
    found = []
    for x_HW in x_BCHW.mean(1):
        y, x = torch.nonzero(x_HW > 0.75 * x_HW.max() + 0.25 * x_HW.min(), as_tuple=True)
        found.append([float(x.float().mean()) + 0.5, float(y.float().mean()) + 0.5])
    return np.array(found)


def learned(kind: str, way: dict, resize: str):
    marks = importlib.import_module(f"tests.laws.marks.{kind}")
    rectangles, pictures = drawn()
    options = Image.Options(size_px=64, resize=resize, **way)
    image = Image(name="image", options=options).learn(pictures)
    cells = marks.cells(rectangles, HEIGHT, WIDTH)
    target = field_class(kind)(name="x").learn(cells, beside={"image": image})  # type: ignore[call-arg]
    fields, columns = {"image": image, "x": target}, {"image": pictures, "x": cells}
    return marks, fields, columns, prepare(fields, columns, {})


@pytest.mark.parametrize("resize", ["squash", "pad", "crop"])
@pytest.mark.parametrize("kind", FRAMED)
def test_what_is_stored_lies_where_it_is_marked(kind, resize):
    marks, _fields, _columns, store = learned(kind, {}, resize)
    batch = store.batch(np.arange(TOTAL))
    np.testing.assert_allclose(marks.middles(batch["x"], 64, 64), bright(batch["image"]), atol=1.0)


@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.parametrize("kind", FRAMED)
def test_what_is_marked_moves_with_the_picture(kind, way):
    marks, fields, _columns, store = learned(kind, way, "squash")
    batch = store.batch(np.arange(TOTAL))
    varied = augmented(fields, batch, torch.Generator().manual_seed(3))
    before, after = bright(batch["image"]), bright(varied["image"])
    assert np.abs(before - after).max() > 1, "something has moved"
    np.testing.assert_allclose(marks.middles(varied["x"], 64, 64), after, atol=1.2)


@pytest.mark.parametrize("resize", ["squash", "pad"])
@pytest.mark.parametrize("kind", FRAMED)
def test_what_is_restored_is_told_in_the_picture_that_was_given(kind, resize):
    """What a model that is always right answers, told in the given picture, and read again, is what was marked."""
    marks, fields, columns, store = learned(kind, {}, resize)
    target, rows = fields["x"], np.arange(TOTAL)
    answers = target.ideal(target.truth(store.batch(rows)["x"]))
    told = target.restore(answers, frames=frames_of({"image": fields["image"]}, columns, rows))
    again = marks.read(target, told)
    rectangles = drawn()[0]
    np.testing.assert_allclose(again, (rectangles[:, :2] + rectangles[:, 2:]) / 2, atol=1.5)

"""Pictures are opened once to be looked at, learned from and stored, and what is stored is what their files hold."""

import io
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image as Pillow

from fukami.core.seeds import generator
from fukami.core.tables import Column
from fukami.data.store import prepare
from fukami.fields.image import decode, look_cache, looks, memory
from fukami.fields.image.encode import encoded
from fukami.fields.image.field import Image
from fukami.fields.image.memory import MEMORY, OVERHEAD, Memory

LONG_AGO = 1_600_000_000
N = look_cache.WORTH_KEEPING + 4


@pytest.fixture(autouse=True)
def nothing_remembered(tmp_path, monkeypatch):
    monkeypatch.setenv("FUKAMI_CACHE", str(tmp_path / "cache"))
    MEMORY.clear()
    looks._remembered.clear()
    yield
    MEMORY.clear()
    looks._remembered.clear()


@pytest.fixture
def opened(monkeypatch) -> list:
    """The cells of which the bytes were read."""
    found, real = [], decode.content

    def counted(cell, base, where):
        found.append(cell)
        return real(cell, base, where)

    monkeypatch.setattr(decode, "content", counted)
    return found


def drawn(number: int, side: tuple[int, int], mode: str = "RGB") -> Pillow.Image:
    rng = generator(number, "picture")
    if mode == "I;16":
        return Pillow.fromarray(rng.integers(0, 4000, side, dtype=np.uint16))
    return Pillow.fromarray(rng.integers(0, 256, (*side, 3), dtype=np.uint8)).convert(mode)


def folder(base: Path, n: int = N, *, side: tuple[int, int] = (20, 24), mode: str = "RGB", ending: str = "jpg") -> Column:
    base.mkdir(parents=True)
    for number in range(n):
        image, path = drawn(number, side, mode), base / f"{number}.{ending}"
        more: dict[str, Any] = {"exif": turned(image)} if ending == "jpg" and number % 5 == 0 else {}
        if mode == "P" and number % 2:
            more["transparency"] = 3
        image.save(path, **more)
        os.utime(path, (LONG_AGO, LONG_AGO))
    return Column("image", pa.array([f"{number}.{ending}" for number in range(n)]), base=base)


def turned(image: Pillow.Image) -> Pillow.Exif:
    exif = image.getexif()
    exif[0x0112] = 6  # to be turned by a quarter
    return exif


def stored(column: Column, options: Image.Options | None = None) -> tuple[Image, np.ndarray]:
    """What a training does with its pictures, up to the store."""
    field = Image(name="x", options=options or Image.Options())
    usable = field.usable([column])
    assert usable.all()
    prints, field = {"x": field.fingerprint([column])}, field.learn([column])
    field.probe([column], {"index": np.arange(len(column)) % 2})
    again = replace(field, options=replace(field.options, flip="yes")).learn([column])
    assert again.state == field.state
    return again, np.array(prepare({"x": again}, {"x": [column]}, prints).arrays["x"]["pixels"])


@pytest.mark.parametrize("side", [(20, 24), (150, 160)], ids=["small", "large"])
def test_a_picture_is_opened_once_or_twice_where_it_is_large(tmp_path, opened, side):
    column = folder(tmp_path / "photos", side=side)
    stored(column)
    times = len(opened) / N
    assert times == (1 if side[0] * side[1] <= memory.SMALL_PX else 2)
    assert len(MEMORY) == 0, "nothing is held once it is stored"


CASES = [
    ("RGB", "jpg", {}, (20, 24)),
    ("RGB", "jpg", {"channels": 1}, (20, 24)),
    ("RGB", "jpg", {"size_px": 9}, (20, 24)),
    ("RGB", "jpg", {"resize": "pad", "size_px": 30}, (20, 24)),
    ("RGB", "jpg", {}, (150, 160)),
    ("L", "jpg", {}, (20, 24)),
    ("L", "jpg", {"channels": 3}, (90, 70)),
    ("CMYK", "jpg", {}, (20, 24)),
    ("P", "png", {}, (20, 24)),
    ("RGBA", "png", {"resize": "crop"}, (20, 40)),
    ("I;16", "png", {}, (20, 24)),
    ("RGB", "gif", {}, (20, 24)),
    ("RGB", "webp", {"channels": 1}, (20, 24)),
]


@pytest.mark.parametrize(
    ("mode", "ending", "options", "side"),
    [pytest.param(*case, marks=pytest.mark.slow if at % 3 else ()) for at, case in enumerate(CASES)],
)
def test_what_is_held_gives_the_pixels_of_the_file(tmp_path, mode, ending, options, side):
    column = folder(tmp_path / "photos", side=side, mode=mode, ending=ending)
    field, pixels = stored(column, Image.Options(**options))
    assert len(MEMORY) == 0
    np.testing.assert_array_equal(pixels, encoded(column, field.state))


def test_a_file_that_changed_is_read_again(tmp_path):
    column = folder(tmp_path / "photos")
    field = Image(name="x").learn([column])
    other = drawn(999, (20, 24))
    other.save(tmp_path / "photos" / "7.jpg")
    pixels = field.encode([column])["pixels"]
    MEMORY.clear()
    np.testing.assert_array_equal(pixels, field.encode([column])["pixels"])


def test_the_memory_keeps_to_its_cap_and_what_came_first_stays():
    image = Pillow.new("L", (10, 10))
    memory = Memory(most_bytes=3 * (100 + OVERHEAD))
    for name in "abcde":
        memory.hold_whole(name, image, "PNG")
    assert [memory.whole(name, size_px=10, channels=1) is not None for name in "abcde"] == [True] * 3 + [False] * 2
    memory.drop("b")
    memory.drop("b")
    memory.hold_whole("e", image, "PNG")
    assert memory.whole("e", size_px=10, channels=1) is not None and memory.used == memory.most_bytes
    memory.clear()
    assert (memory.used, len(memory)) == (0, 0)


def test_few_pictures_and_large_ones_are_not_held():
    out = io.BytesIO()
    drawn(0, (20, 20)).save(out, "PNG")
    looks.looks_at(Column("image", pa.array([out.getvalue()], pa.binary())))
    assert len(MEMORY) == 0
    MEMORY.hold_whole("a", Pillow.new("L", (200, 200)), "PNG")
    assert len(MEMORY) == 0

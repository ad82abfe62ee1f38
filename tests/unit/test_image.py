"""Pictures in every mode and form end as the same pixels."""

import io
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
import torch
from PIL import Image as Pillow

from fukami.core.errors import DataError
from fukami.core.tables import Column
from fukami.fields.image import decode, looks
from fukami.fields.image.augment import augmented, erasing, flip_and_shift, mirror_is_harmless, recolouring, resampling, varied
from fukami.fields.image.field import Image


def gradient(width=40, height=40) -> Pillow.Image:
    """Grey, dark at the left, bright at the right."""
    return Pillow.fromarray(np.tile(np.linspace(20, 230, width).astype(np.uint8), (height, 1)))


def folder_of(tmp_path, **images) -> Column:
    for name, image in images.items():
        image.save(tmp_path / name.replace("__", "."))
    return Column("image", pa.array([name.replace("__", ".") for name in images]), base=tmp_path)


def stored(column: Column, **options) -> np.ndarray:
    image = Image(options=Image.Options(**options)).learn([column])
    return image.encode([column])["pixels"]


MODES = (
    *(("a.png", mode) for mode in ("L", "RGB", "RGBA", "P", "LA")),
    *(("a.jpg", mode) for mode in ("CMYK", "L", "RGB")),
    *(("a.tif", mode) for mode in ("LAB", "CMYK", "YCbCr")),
    *(("a.webp", "RGB"), ("a.gif", "P"), ("a.bmp", "RGB")),
)


@pytest.mark.parametrize("name, mode", MODES)
@pytest.mark.parametrize("channels", [1, 3])
def test_every_mode_gives_the_same_pixels(tmp_path, name, mode, channels):
    image = gradient().convert("RGB")
    image = image.quantize(64) if mode == "P" else image.convert(mode)
    image.save(tmp_path / name)
    x_CHW = stored(Column("x", pa.array([name]), base=tmp_path), channels=channels)[0]
    assert x_CHW.shape == (channels, 40, 40)
    wanted = np.asarray(gradient())
    assert np.abs(x_CHW.astype(int) - wanted).max() <= 12, mode


def test_sixteen_bits_are_scaled_not_clipped(tmp_path):
    values = np.linspace(0, 4000, 30 * 30).reshape(30, 30).astype(np.uint16)  # a 12-bit camera
    Pillow.fromarray(values).save(tmp_path / "deep.png")
    x_CHW = stored(Column("x", pa.array(["deep.png"]), base=tmp_path))[0]
    np.testing.assert_allclose(x_CHW[0], values / 4095 * 255, atol=1)


def test_one_bit_floats_and_32_bits(tmp_path):
    gradient().convert("1", dither=Pillow.Dither.NONE).save(tmp_path / "one.png")
    Pillow.fromarray(np.asarray(gradient(), np.float32) / 255).save(tmp_path / "f.tif")
    Pillow.fromarray(np.asarray(gradient(), np.int32) * 256).save(tmp_path / "i.tif")
    x = stored(Column("x", pa.array(["one.png", "f.tif", "i.tif"]), base=tmp_path))
    assert set(np.unique(x[0])) == {0, 255}
    for deep in x[1:]:
        np.testing.assert_allclose(deep[0], np.asarray(gradient()), atol=1)


def test_transparent_becomes_white(tmp_path):
    image = Pillow.new("RGBA", (8, 8), (255, 0, 0, 0))
    image.putpixel((0, 0), (255, 0, 0, 255))
    x_CHW = stored(folder_of(tmp_path, a__png=image), channels=3)[0]
    assert x_CHW[:, 4, 4].tolist() == [255, 255, 255] and x_CHW[:, 0, 0].tolist() == [255, 0, 0]


def test_exif_orientation_is_obeyed(tmp_path):
    exif = Pillow.Exif()
    exif[0x0112] = 6  # the camera was turned: show it a quarter to the right
    gradient(64, 32).save(tmp_path / "turned.jpg", exif=exif, quality=95)
    column = Column("x", pa.array(["turned.jpg"]), base=tmp_path)
    (look,) = looks.looks_at(column)
    assert (look.width, look.height) == (32, 64)
    x_HW = stored(column, size_px=32)[0, 0].astype(int)
    assert x_HW[0].mean() < x_HW[-1].mean() - 100 and abs(x_HW[:, 0].mean() - x_HW[:, -1].mean()) < 10


def test_first_frame_of_an_animation(tmp_path):
    frames = [gradient().convert("P"), Pillow.new("P", (40, 40), 0)]
    frames[0].save(tmp_path / "moving.gif", save_all=True, append_images=frames[1:])
    x = stored(Column("x", pa.array(["moving.gif"]), base=tmp_path))
    assert np.abs(x[0, 0].astype(int) - np.asarray(gradient())).max() <= 12


def test_bytes_and_hub_structs_and_windows_paths(tmp_path):
    (tmp_path / "sub").mkdir()
    gradient().save(tmp_path / "sub" / "a.png")
    data = (tmp_path / "sub" / "a.png").read_bytes()
    as_bytes = Column("x", pa.array([data]))
    as_struct = Column("x", pa.array([{"bytes": data, "path": "a.png"}]))
    as_windows = Column("x", pa.array(["sub\\a.png"]), base=tmp_path)
    for column in (as_bytes, as_struct, as_windows):
        np.testing.assert_array_equal(stored(column)[0, 0], np.asarray(gradient()))
        assert Image.recognise(column) == 1


LAYOUTS = {
    (4, 9, 9): "hw",
    (4, 9, 9, 3): "hwc",
    (4, 9, 9, 1): "hwc",
    (4, 9, 9, 4): "hwc",
    (4, 3, 9, 9): "chw",
    (4, 1, 9, 9): "chw",
    (4, 81): "flat",
}


@pytest.mark.parametrize("shape, layout", LAYOUTS.items())
def test_arrays_of_every_layout(shape, layout):
    values = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    assert decode.layout_of(shape, "") == layout
    x = stored(Column("x", values))
    assert x.shape[2:] == (9, 9) and x.shape[1] in (1, 3)
    if layout == "hwc" and shape[3] == 3:
        np.testing.assert_array_equal(x, values.transpose(0, 3, 1, 2))


def test_arrays_of_odd_shapes_are_refused():
    for shape in ((4, 7), (4,), (4, 2, 9, 9), (4, 1, 1, 1, 1)):
        with pytest.raises(DataError, match="F-IMAGE-SHAPE"):
            Image().learn([Column("x", np.zeros(shape, np.uint8))])


GREY = np.random.default_rng(1).integers(0, 200, (6, 9, 9)).astype(np.uint8)
GREY[:, 0, 0] = 0
FORMS = {
    "uint8": GREY,
    "uint16": GREY.astype(np.uint16) * 257,
    "fractions": (GREY / 255).astype(np.float32),
    "around zero": (GREY / 127.5 - 1).astype(np.float32),
    "whole numbers": GREY.astype(np.int64),
    "8 bits in 16": GREY.astype(np.uint16),
    "floats to 255": GREY.astype(np.float64),
}


@pytest.mark.parametrize("learned", [name for name in FORMS if name != "8 bits in 16"])
@pytest.mark.parametrize("asked", FORMS)
def test_the_same_picture_is_the_same_in_every_type_of_array(learned, asked):
    field = Image().learn([Column("x", FORMS[learned])])
    wanted = field.encode([Column("x", FORMS[learned])])["pixels"].astype(int)
    if (learned, asked) == ("uint16", "8 bits in 16"):
        return  # as dark as it says
    for rows in (slice(None), slice(0, 1)):
        found = field.encode([Column("x", FORMS[asked][rows])])["pixels"].astype(int)
        assert np.abs(found - wanted[rows]).max() <= 1
    both_float = FORMS[learned].dtype.kind == FORMS[asked].dtype.kind == "f"
    if (both_float and learned != asked) or asked == "8 bits in 16":
        assert [p.code for p in field.unfamiliar([Column("x", FORMS[asked])])] == ["F-IMAGE-RANGE"]
    if learned == asked:
        assert not list(field.unfamiliar([Column("x", FORMS[asked])]))


def test_a_dark_array_is_what_its_file_is(tmp_path):
    dark, files = GREY[0] // 16, tmp_path / "dark.png"
    Pillow.fromarray(GREY[1]).save(tmp_path / "a.png")
    Pillow.fromarray(dark).save(files)
    field = Image().learn([Column("x", pa.array(["a.png"]), base=tmp_path)])
    of_file = field.encode([Column("x", pa.array(["dark.png"]), base=tmp_path)])["pixels"]
    np.testing.assert_array_equal(field.encode([Column("x", dark[None])])["pixels"], of_file)
    (mixed,) = field.gather([dark, GREY[1, :5]])  # of several sizes
    np.testing.assert_array_equal(field.encode([mixed])["pixels"][:1], of_file)


def test_arrays_that_were_normalised_by_somebody_are_refused_unless_learned():
    odd = (GREY / 60.0 - 1.4).astype(np.float32)
    with pytest.raises(DataError, match="F-IMAGE-RANGE"):
        Image().learn([Column("x", GREY)]).encode([Column("x", odd)])
    field = Image().learn([Column("x", odd)])
    assert field.encode([Column("x", odd)])["pixels"].max() == 255


@pytest.mark.parametrize(
    "learned, asked, count",
    [
        ((9, 20, 20), (3, 20, 20), 3),
        ((9, 20, 20), (4, 20, 20), 4),
        ((9, 20, 20), (1, 20, 20), 1),
        ((9, 20, 20), (3, 30, 30), 3),
        ((9, 20, 20), (20, 20, 3), 1),
        ((9, 20, 20), (20, 20), 1),
        ((9, 3, 20, 20), (3, 20, 20), 1),
        ((9, 20, 20, 3), (20, 20, 3), 1),
        ((9, 20, 20, 3), (4, 20, 20, 3), 4),
        ((9, 64), (3, 64), 3),
        ((9, 64), (64,), 1),
    ],
)
def test_what_was_learned_says_how_many_pictures_an_array_holds(learned, asked, count):
    pixels = np.random.default_rng(0).integers(0, 256, learned).astype(np.uint8)
    field = Image().learn([Column("x", pixels)])
    value = np.random.default_rng(1).integers(0, 256, asked).astype(np.uint8)
    several = field.several(value) or [value]
    assert len(several) == count == len(field.encode(field.gather(several))["pixels"])


def test_float_range_is_learned_and_kept():
    train = np.random.default_rng(0).random((20, 8, 8)) * 16
    image = Image().learn([Column("x", train)])
    dark = image.encode([Column("x", train[:1] / 100)])["pixels"]
    assert dark.max() <= 3  # a dark picture stays dark: it is not stretched by itself


def test_header_alone_refuses_a_bomb():
    """100,000 × 100,000 pixels: nothing may be decoded."""
    import struct
    import time
    import zlib

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)) + chunk(b"IDAT", b"x")
    begin = time.perf_counter()
    with pytest.raises(DataError, match="F-IMAGE-SIZE"):
        decode.decoded(png, "bomb.png")
    assert time.perf_counter() - begin < 1


def test_jpeg_drafts_are_close_to_full_decoding(tmp_path):
    rng = np.random.default_rng(0)
    picture = Pillow.fromarray(rng.integers(0, 255, (12, 16, 3), dtype=np.uint8)).resize((800, 600), Pillow.Resampling.BICUBIC)
    picture.save(tmp_path / "a.jpg", quality=95)
    x = stored(Column("x", pa.array(["a.jpg"]), base=tmp_path), size_px=64)[0].astype(int)
    exact = np.asarray(picture.resize((64, 64), Pillow.Resampling.BOX)).transpose(2, 0, 1).astype(int)
    assert np.abs(x - exact).mean() < 4


def test_size_is_the_typical_side_and_small_pictures_keep_theirs(tmp_path):
    big = folder_of(tmp_path, a__png=gradient(640, 480), b__png=gradient(500, 400))
    assert Image().learn([big]).state["size_px"] == 224 and Image().learn([big]).state["source_px"] > 400
    assert Image().learn([Column("x", np.zeros((3, 28, 28), np.uint8))]).state["size_px"] == 28
    assert Image().learn([Column("x", np.zeros((3, 28, 28), np.uint8))]).state["std"][0] > 0


@pytest.mark.parametrize("resize", ["squash", "crop", "pad"])
def test_files_and_arrays_resize_alike(tmp_path, resize):
    picture = gradient(60, 30)
    from_file = stored(folder_of(tmp_path, a__png=picture), size_px=20, resize=resize)[0]
    from_array = stored(Column("x", np.asarray(picture)[None]), size_px=20, resize=resize)[0]
    assert np.abs(from_file.astype(int) - from_array).mean() < 3


def test_normalised_batches_have_mean_0_and_deviation_1():
    values = np.random.default_rng(0).integers(0, 256, (200, 9, 9, 3)).astype(np.uint8)
    image = Image().learn([Column("x", values)])
    x_BCHW = image.batch(image.encode([Column("x", values)]), np.arange(200))
    torch.testing.assert_close(x_BCHW.mean((0, 2, 3)), torch.zeros(3), atol=1e-4, rtol=0)
    torch.testing.assert_close(x_BCHW.std((0, 2, 3)), torch.ones(3), atol=1e-3, rtol=0)


def test_difference_hash_survives_scaling_and_recompression(tmp_path):
    rng = np.random.default_rng(3)
    picture = Pillow.fromarray(rng.integers(0, 255, (8, 8, 3), dtype=np.uint8)).resize((160, 160), Pillow.Resampling.BICUBIC)
    other = Pillow.fromarray(rng.integers(0, 255, (8, 8, 3), dtype=np.uint8)).resize((160, 160), Pillow.Resampling.BICUBIC)
    column = folder_of(tmp_path, a__png=picture, b__jpg=picture.resize((90, 90)), c__png=other)
    a, b, c = (int(mark) for mark in Image().near_fingerprint([column]))  # type: ignore[union-attr]
    assert (a ^ b).bit_count() <= 3 < 15 < (a ^ c).bit_count()


# -- augmentation ----------------------------------------------------------------------------------------------------------
def rng(seed=0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_flip_mirrors_about_half():
    x_BCHW = torch.arange(400 * 4.0).view(400, 1, 1, 4)
    out = varied(x_BCHW, [flip_and_shift(x_BCHW, rng(), flip=True, shift=0)[0]])
    mirrored = (out == x_BCHW.flip(-1)).all((1, 2, 3))
    assert ((out == x_BCHW).all((1, 2, 3)) ^ mirrored).all() and 150 < int(mirrored.sum()) < 250


def test_shift_moves_whole_pictures_and_repeats_edges():
    x_BCHW = torch.arange(25.0).view(1, 1, 5, 5).expand(200, 1, 5, 5)
    out = varied(x_BCHW, [flip_and_shift(x_BCHW, rng(), flip=False, shift=0.2)[0]])
    padded = torch.nn.functional.pad(x_BCHW[:1], (1, 1, 1, 1), mode="replicate")[0, 0]
    windows = {tuple(padded[i : i + 5, j : j + 5].flatten().tolist()) for i in range(3) for j in range(3)}
    assert {tuple(one.flatten().tolist()) for one in out} == windows


def test_resampling_by_nothing_changes_nothing():
    x_BCHW = torch.randn(4, 3, 12, 9, generator=rng())
    torch.testing.assert_close(varied(x_BCHW, [resampling(x_BCHW, rng())[0]]), x_BCHW, atol=1e-4, rtol=1e-4)


def test_turning_keeps_the_middle_and_the_shape_of_circles():
    y, x = torch.meshgrid(torch.arange(41) - 20, torch.arange(41) - 20, indexing="ij")
    disc = ((x**2 + y**2) < 100).float()[None, None].expand(8, 1, 41, 41)
    turned = varied(disc, [resampling(disc, rng(), rotate_deg=180)[0]])
    assert (turned - disc).abs().mean() < 0.02  # its edge is blurred


MEAN, STD = torch.tensor([0.4, 0.5, 0.6]), torch.tensor([0.2, 0.3, 0.25])


def recoloured(pixels_BCHW: torch.Tensor, seed: int, **strengths: float) -> torch.Tensor:
    """Raw values, normalised, recoloured, and back."""
    mean, std = MEAN[:, None, None], STD[:, None, None]
    x = (pixels_BCHW - mean) / std
    return varied(x, [recolouring(x, rng(seed), MEAN, STD, **strengths)]) * std + mean


def test_recolouring_stays_between_black_and_white():
    pixels = torch.rand(16, 3, 6, 6, generator=rng())
    out = recoloured(pixels, 0, brightness=0.9, contrast=0.9, colour=0.9)
    assert out.min() >= -1e-5 and out.max() <= 1 + 1e-5
    torch.testing.assert_close(recoloured(pixels, 0, brightness=1e-9), pixels, atol=1e-5, rtol=0)


def test_recolouring_is_brightness_then_contrast_then_saturation():
    """One matrix does what the three steps do one after the other."""
    pixels = torch.rand(16, 3, 6, 5, generator=rng(3)) * 0.2 + 0.3  # far from black and white: nothing is clipped
    bright, contrast, colour = (torch.rand(16, generator=g) * 2 * s + 1 - s for g in (rng(8),) for s in (0.2, 0.3, 0.4))
    expected = pixels * bright[:, None, None, None]
    expected = expected.mean((1, 2, 3), keepdim=True).lerp(expected, contrast[:, None, None, None])
    grey = (expected * torch.tensor([0.299, 0.587, 0.114])[:, None, None]).sum(1, keepdim=True)
    expected = grey.lerp(expected, colour[:, None, None, None])
    found = recoloured(pixels, 8, brightness=0.2, contrast=0.3, colour=0.4)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)


def test_erasing_hits_the_asked_share_with_small_rectangles():
    x = torch.ones(1000, 1, 20, 20)
    out = varied(x, [erasing(x, rng(), 0.3)])
    blank = (out == 0).float().mean((1, 2, 3))
    assert 0.25 < float((blank > 0).float().mean()) < 0.35 and float(blank.max()) <= 0.25


VARIED = Image.Options(flip="yes", shift=0.2, brightness=0.2, contrast=0.2, colour=0.3, erase=0.5)


@pytest.mark.parametrize("options", [VARIED, replace(VARIED, rotate_deg=20.0, crop=0.5)], ids=["shifted", "resampled"])
@pytest.mark.parametrize("channels", [1, 3])
def test_variation_depends_on_neither_pieces_nor_memory_order(options, channels, monkeypatch):
    x = torch.randn(13, channels, 12, 12, generator=rng())
    mean, std = MEAN[:channels], STD[:channels]
    whole = augmented(x, rng(1), options, mean, std)[0]
    monkeypatch.setattr("fukami.fields.image.augment.PIECE_BYTES", 4 * channels * 12 * 12 * 4)  # four pictures
    last = augmented(x.contiguous(memory_format=torch.channels_last), rng(1), options, mean, std)[0]
    for again in (augmented(x, rng(1), options, mean, std)[0], last):
        torch.testing.assert_close(again, whole, atol=1e-5, rtol=0)
    assert last.is_contiguous(memory_format=torch.channels_last)
    assert not torch.equal(whole, augmented(x, rng(2), options, mean, std)[0])


# -- the store -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("shape", [(9, 6, 6), (9, 6, 6, 3)], ids=["grey", "colour"])
def test_a_batch_is_normalised_and_lies_channels_last(shape):
    column = Column("x", np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8))
    image = Image().learn([column])
    stored, rows = image.encode([column]), np.array([4, 0, 4])
    x_BCHW = image.batch(stored, rows)
    raw = column.values[rows].reshape(3, 6, 6, -1).transpose(0, 3, 1, 2) / 255
    mean, std = (np.array(image.state[name])[:, None, None] for name in ("mean", "std"))
    np.testing.assert_allclose(x_BCHW, (raw - mean) / std, atol=1e-5)
    assert x_BCHW.is_contiguous(memory_format=torch.channels_last)
    stored["pixels"] = np.ascontiguousarray(stored["pixels"])  # an array in another order gives the same
    assert torch.equal(image.batch(stored, rows), x_BCHW)


# -- whether mirroring is harmless -----------------------------------------------------------------------------------------
def test_digits_must_not_be_mirrored():
    from sklearn.datasets import load_digits

    digits = load_digits()
    assert not mirror_is_harmless(digits.images[:, None], digits.target, seed=0)


def test_symmetric_shapes_may_be_mirrored():
    """The class is the height of a bar, which mirroring leaves. Where nothing can be told, photos may, writing not."""
    random = np.random.default_rng(0)
    images = random.integers(0, 60, (400, 1, 12, 12)).astype(np.float32)
    labels = random.integers(0, 2, 400)
    for i, k in enumerate(labels):
        images[i, 0, 2 + 6 * k : 5 + 6 * k, random.integers(0, 6) :] += 150
    assert mirror_is_harmless(images, labels, seed=0)
    noise = random.random((120, 3, 8, 8))
    assert mirror_is_harmless(noise, random.integers(0, 2, 120), seed=0)
    assert not mirror_is_harmless(noise[:, :1], random.integers(0, 2, 120), seed=0)


def test_render_shows_a_thumbnail_that_opens(tmp_path):
    import base64
    import re

    column = folder_of(tmp_path, a__png=gradient(900, 300))
    found = re.search(r'src="data:image/(\w+);base64,([^"]+)" alt="a.png"', Image().render([column], 0))
    assert found
    shown = Pillow.open(io.BytesIO(base64.b64decode(found[2])))
    assert shown.size == (160, 53)


@pytest.mark.data
@pytest.mark.parametrize("name", ["fashion-mnist", "cifar10-jpeg"])
def test_clothes_and_photos_may_be_mirrored(name):
    """Every shoe of Fashion-MNIST points left, and mirroring is harmless all the same."""
    import gzip
    import os
    import tarfile
    from pathlib import Path

    if "FUKAMI_DATA" not in os.environ:
        pytest.skip("FUKAMI_DATA is not set")
    folder = Path(os.environ["FUKAMI_DATA"]) / name
    if name == "fashion-mnist":
        pixels, classes = ((folder / f"t10k-{part}-ubyte.gz").read_bytes() for part in ("images-idx3", "labels-idx1"))
        images = np.frombuffer(gzip.decompress(pixels), np.uint8, offset=16).reshape(-1, 1, 28, 28)
        labels = np.frombuffer(gzip.decompress(classes), np.uint8, offset=8)
    else:
        with tarfile.open(folder / "cifar10_jpeg.tar.gz") as archive:
            members = [m for m in archive if m.isfile() and m.name.endswith(".jpg") and "test" in m.name][::6]
            images = np.stack([np.asarray(Pillow.open(archive.extractfile(m))).transpose(2, 0, 1) for m in members])  # type: ignore[arg-type]
        labels = np.unique([m.name.split("/")[-2] for m in members], return_inverse=True)[1]
    assert mirror_is_harmless(images, labels, seed=0)


# -- equal content ---------------------------------------------------------------------------------------------------------
def photo(mode: str) -> Pillow.Image:
    pixels = np.random.default_rng(5).integers(0, 256, (24, 30, 3), dtype=np.uint8)
    if mode == "I;16":
        return Pillow.fromarray(pixels[:, :, 0].astype(np.uint16) * 257)
    image = Pillow.fromarray(pixels)
    return image.quantize(64) if mode == "P" else image.convert(mode)


@pytest.mark.parametrize(
    ("mode", "names"),
    [
        ("RGB", ("a.png", "b.bmp", "c.tif", "d.ppm", "e.webp")),
        ("L", ("a.png", "b.bmp", "c.tif", "d.pgm")),
        ("P", ("a.png", "b.gif", "c.bmp")),
        ("RGBA", ("a.png", "b.tif", "c.webp")),
        ("1", ("a.png", "b.tif")),
        ("I;16", ("a.png", "b.tif")),
    ],
)
def test_a_picture_saved_losslessly_in_another_format_is_the_same(tmp_path, mode, names):
    image = photo(mode)
    for name in names:
        image.save(tmp_path / name, **({"lossless": True} if name.endswith("webp") else {}))
    column = Column("x", pa.array(list(names)), base=tmp_path)
    assert len(set(Image().fingerprint([column]).tolist())) == 1


def test_a_jpeg_saved_again_as_png_is_the_same_and_one_pixel_makes_another(tmp_path):
    photo("RGB").save(tmp_path / "a.jpg", quality=90)
    again = Pillow.open(tmp_path / "a.jpg")
    again.save(tmp_path / "b.png")
    changed = again.convert("RGB")
    changed.putpixel((4, 4), (0, 0, 255))
    changed.save(tmp_path / "c.png")
    grey = again.convert("L")
    grey.save(tmp_path / "d.png")
    grey.convert("RGB").save(tmp_path / "e.bmp")
    grey.rotate(90, expand=True).save(tmp_path / "f.png")
    names = ["a.jpg", "b.png", "c.png", "d.png", "e.bmp", "f.png"]
    a, b, c, d, e, f = Image().fingerprint([Column("x", pa.array(names), base=tmp_path)]).tolist()
    assert a == b and d == e and len({a, c, d, f}) == 4
    array = Column("x", np.asarray(Pillow.open(tmp_path / "b.png"))[None])
    assert Image().fingerprint([array]).tolist() == [a], "an array of the same pixels is the same picture"
    chw = Column("x", np.asarray(Pillow.open(tmp_path / "b.png")).transpose(2, 0, 1)[None])
    assert Image().fingerprint([chw]).tolist() == [a]


def test_a_picture_turned_by_its_exif_mark_is_the_turned_picture(tmp_path):
    image = photo("RGB")
    mark = Pillow.Exif()
    mark[0x0112] = 6  # to be turned by 90° to the right
    image.save(tmp_path / "a.png", exif=mark)
    image.transpose(Pillow.Transpose.ROTATE_270).save(tmp_path / "b.png")
    a, b = Image().fingerprint([Column("x", pa.array(["a.png", "b.png"]), base=tmp_path)])
    assert a == b


def test_very_large_jpegs_count_by_their_bytes(tmp_path, monkeypatch):
    monkeypatch.setattr("fukami.fields.image.look.LARGEST_JPEG", 100)
    photo("RGB").save(tmp_path / "a.jpg")
    (tmp_path / "b.jpg").write_bytes((tmp_path / "a.jpg").read_bytes())
    Pillow.open(tmp_path / "a.jpg").save(tmp_path / "c.png")
    a, b, c = Image().fingerprint([Column("x", pa.array(["a.jpg", "b.jpg", "c.png"]), base=tmp_path)])
    assert a == b != c

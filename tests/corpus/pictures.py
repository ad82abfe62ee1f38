"""One odd picture among good ones."""

import io
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from tests.corpus import Corpus, rng

CORPUS = Corpus("image-classification")


def picture(seed: int = 0, size: tuple[int, int] = (16, 16), mode: str = "RGB") -> Image.Image:
    small = rng(seed).integers(0, 256, (4, 4, 3)).astype(np.uint8)
    return Image.fromarray(small).resize(size, Image.Resampling.BICUBIC).convert(mode)


def saved(image: Image.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def photos(folder: Path, classes: tuple[str, ...] = ("cat", "dog"), each: int = 6) -> Path:
    """Good pictures, a folder for each class."""
    root = folder / "photos"
    for k, name in enumerate(classes):
        (root / name).mkdir(parents=True)
        for i in range(each):
            picture(100 * k + i).save(root / name / f"{i}.png")
    return root


def odd(name: str, content: bytes | Callable[[], bytes], expects: str, *, as_file: str, code: str = "") -> None:
    """A case of one file with this content."""

    def make(folder: Path) -> Path:
        root = photos(folder)
        (root / "cat" / as_file).write_bytes(content() if callable(content) else content)
        return root

    CORPUS.given(name, make, expects, as_file if expects == "told" else "", code=code)


JPEG, PNG = saved(picture(7, (200, 200)), "JPEG", quality=95), saved(picture(7, (64, 64)), "PNG")


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_header(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))


# -- not to be decoded ----------------------------------------------------------------------------------------------------
odd("truncated-jpeg", JPEG[: len(JPEG) // 2], "told", as_file="half.jpg", code="F-IMAGE-BROKEN")
odd("truncated-png", PNG[: len(PNG) // 2], "told", as_file="half.png", code="F-IMAGE-BROKEN")
odd("truncated-gif", lambda: saved(picture(1, (64, 64)), "GIF")[:300], "told", as_file="half.gif")
odd("truncated-webp", lambda: saved(picture(1, (64, 64)), "WEBP")[:60], "told", as_file="half.webp")
odd("truncated-bmp", lambda: saved(picture(1, (64, 64)), "BMP")[:900], "told", as_file="half.bmp")
odd("truncated-tiff", lambda: saved(picture(1, (64, 64)), "TIFF")[:900], "told", as_file="half.tif")
odd("only-a-jpeg-header", JPEG[:10], "told", as_file="head.jpg")
odd("png-with-bad-checksum", PNG[:60] + bytes([PNG[60] ^ 255]) + PNG[61:], "told", as_file="crc.png")
odd("png-with-bad-header-checksum", PNG[:29] + b"\0\0\0\0" + PNG[33:], "told", as_file="crc.png", code="F-IMAGE-UNREADABLE")
odd("png-without-data", png_header(8, 8) + chunk(b"IEND", b""), "told", as_file="hollow.png")
odd("png-with-garbage-data", png_header(8, 8) + chunk(b"IDAT", b"garbage") + chunk(b"IEND", b""), "told", as_file="bad.png")
odd("png-of-no-size", png_header(0, 0) + chunk(b"IEND", b""), "told", as_file="none.png")
odd("zero-bytes", b"", "told", as_file="empty.jpg", code="F-IMAGE-EMPTY")
odd("only-nul-bytes", bytes(5000), "told", as_file="nul.jpg")
odd("random-bytes", rng(5).bytes(3000), "told", as_file="noise.png")
odd("html-as-jpeg", b"<!DOCTYPE html><html>404</html>", "told", as_file="page.jpg", code="F-IMAGE-UNREADABLE")
odd("text-as-jpeg", b"not found\n", "told", as_file="text.jpg")
odd("pdf-as-png", b"%PDF-1.7 ...", "told", as_file="doc.png")
odd("zip-as-png", b"PK\x03\x04" + bytes(40), "told", as_file="zip.png")
odd("svg-as-png", b'<svg xmlns="http://www.w3.org/2000/svg"/>', "told", as_file="svg.png")
odd("postscript-as-png", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "told", as_file="run.png")
odd("tiff-with-broken-directory", b"II*\0\xff\xff\xff\x7f" + bytes(50), "told", as_file="ifd.tif")
odd("jpeg-with-nothing-inside", b"\xff\xd8\xff\xd9", "told", as_file="hollow.jpg")

# -- too large, by their header alone ---------------------------------------------------------------------------------------
odd(
    "png-of-100000-squared", png_header(100_000, 100_000) + chunk(b"IDAT", b""), "told", as_file="bomb.png", code="F-IMAGE-SIZE"
)
GIF_BOMB = b"GIF89a\xff\xff\xff\xff\0\0\0,\0\0\0\0\xff\xff\xff\xff\0\x02\x01\0\0;"
BMP_BOMB = b"BM" + struct.pack("<IHHIIiiHHIIiiII", 54, 0, 0, 54, 40, 60_000, 60_000, 1, 24, *[0] * 6)
JPEG_BOMB = b"\xff\xd8\xff\xc0\0\x11\x08" + struct.pack(">HH", 65_500, 65_500) + b"\3\1\x11\0\2\x11\1\3\x11\1\xff\xd9"
odd("gif-of-65535-squared", GIF_BOMB, "told", as_file="bomb.gif", code="F-IMAGE-SIZE")
odd("bmp-of-60000-squared", BMP_BOMB, "told", as_file="bomb.bmp", code="F-IMAGE-SIZE")
odd("jpeg-of-65500-squared", JPEG_BOMB, "told", as_file="bomb.jpg")
odd("ppm-that-claims-to-be-huge", b"P6 99999 99999 255\n", "told", as_file="bomb.ppm", code="F-IMAGE-SIZE")

# -- odd but good ---------------------------------------------------------------------------------------------------------
DEEP = rng().integers(0, 65535, (16, 16)).astype(np.uint16)
NOT_NUMBERS = np.full((9, 9), np.nan, np.float32)
odd("sixteen-bit", lambda: saved(Image.fromarray(DEEP), "PNG"), "told", as_file="deep.png", code="F-IMAGE-DEPTH")
odd("float-with-nan", lambda: saved(Image.fromarray(NOT_NUMBERS), "TIFF"), "told", as_file="nan.tif", code="F-IMAGE-NAN")
odd("cmyk", lambda: saved(picture(9, mode="CMYK"), "JPEG"), "fine", as_file="print.jpg")
odd("palette", lambda: saved(picture(9).quantize(16), "PNG"), "fine", as_file="palette.png")
odd("palette-with-transparency", lambda: saved(picture(9).quantize(16), "PNG", transparency=3), "fine", as_file="p.png")
odd("alpha", lambda: saved(picture(9, mode="RGBA"), "PNG"), "fine", as_file="alpha.png")
odd("grey-with-alpha", lambda: saved(picture(9, mode="LA"), "PNG"), "told", as_file="la.png", code="F-IMAGE-GREY")
odd("one-bit", lambda: saved(picture(9, mode="1"), "PNG"), "told", as_file="fax.png", code="F-IMAGE-GREY")
odd("lab", lambda: saved(picture(9, mode="LAB"), "TIFF"), "fine", as_file="lab.tif")
odd("progressive-jpeg", lambda: saved(picture(9), "JPEG", progressive=True), "fine", as_file="web.jpg")
odd("jpeg-with-trailing-garbage", JPEG + b"garbage" * 50, "fine", as_file="long.jpg")
odd(
    "jpeg-with-broken-exif",
    lambda: saved(picture(9), "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff\x01"),
    "fine",
    as_file="x.jpg",
)
odd("animated-gif", lambda: saved(picture(9), "GIF", save_all=True, append_images=[picture(8)]), "fine", as_file="moving.gif")
odd("png-called-jpeg", PNG, "told", as_file="really-a-png.jpg", code="F-IMAGE-EXTENSION")
odd("one-pixel", lambda: saved(picture(9, (1, 1)), "PNG"), "told", as_file="dot.png", code="F-IMAGE-SMALL")
odd("long-and-thin", lambda: saved(picture(9, (400, 9)), "PNG"), "told", as_file="strip.png", code="F-IMAGE-LONG")
odd("upper-case-extension", PNG, "fine", as_file="PHOTO.PNG")
odd("name-with-emoji", PNG, "fine", as_file="猫 🐈.png")
odd("name-with-quotes", PNG, "fine", as_file="a 'b' \"c\" & <d>.png")
odd("name-with-a-line-break", PNG, "fine", as_file="two\nlines.png")
odd("name-of-200-letters", PNG, "fine", as_file="x" * 200 + ".png")


# -- not files --------------------------------------------------------------------------------------------------------------
@CORPUS.case("told", "folder.jpg")
def _a_table_that_names_a_folder(folder: Path) -> Path:
    (folder / "folder.jpg").mkdir()
    return table(folder, "folder.jpg")


def table(folder: Path, name: str) -> Path:
    """A CSV of good pictures and one more path."""
    photos(folder)
    rows = [f"photos/{kind}/{i}.png,{kind}" for kind in ("cat", "dog") for i in range(6)]
    path = folder / "labels.csv"
    path.write_text("\n".join(["image,label", *rows, f"{name},cat"]), "utf-8")
    return path


def in_table(name: str, cell: str, names: str = "labels.csv:14") -> None:
    CORPUS.given(name, lambda folder: table(folder, cell), "told", names)


in_table("table-names-a-missing-file", "photos/cat/nine.png", "nine.png")
in_table("table-names-nothing", "")
in_table("table-names-an-address", "https://example.org/cat.jpg")
in_table("table-names-a-device", "/dev/zero", "/dev/zero")
in_table("table-names-a-very-long-path", "a/" * 3000 + "b.png")
in_table("table-names-its-own-folder", ".")


@CORPUS.case("fine")
def _a_folder_with_a_picture_s_name(folder: Path) -> Path:
    (photos(folder) / "cat" / "album.jpg").mkdir()
    return folder / "photos"


@CORPUS.case("told", "loop.jpg")
def _symbolic_link_to_itself(folder: Path) -> Path:
    root = photos(folder)
    (root / "cat" / "loop.jpg").symlink_to("loop.jpg")
    return root


@CORPUS.case("told", "gone.jpg")
def _symbolic_link_to_nothing(folder: Path) -> Path:
    root = photos(folder)
    (root / "cat" / "gone.jpg").symlink_to("nowhere.jpg")
    return root


@CORPUS.case("told", "pipe.jpg")
def _pipe(folder: Path) -> Path:
    root = photos(folder)
    os.mkfifo(root / "cat" / "pipe.jpg")
    return root


@CORPUS.case("told", "device.png")
def _device_without_end(folder: Path) -> Path:
    root = photos(folder)
    (root / "cat" / "device.png").symlink_to("/dev/zero")
    return root


@CORPUS.case("told", "secret.png")
def _no_permission(folder: Path) -> Path:
    root = photos(folder)
    (root / "cat" / "secret.png").write_bytes(PNG)
    (root / "cat" / "secret.png").chmod(0)
    return root

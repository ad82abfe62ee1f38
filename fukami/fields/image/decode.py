"""One picture: from a file, bytes or an array to uint8 pixels of a chosen size. What is wrong becomes a `DataError`.

Pixels `x_CHW`, uint8. Nothing outside Pillow is run (its EPS reader would start Ghostscript, so such formats are refused), only
regular files are opened (a pipe would block), and sizes are judged from the header before anything is decoded.
"""

import contextlib
import io
import stat
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as Pillow
from PIL import ImageOps

from fukami.core.errors import DataError
from fukami.core.language import _
from fukami.fields.frame import Plane
from fukami.fields.image.ranges import Levels, Range, range_in, range_of_array

with contextlib.suppress(ImportError):
    import pillow_heif  # pyright: ignore[reportMissingImports]

    pillow_heif.register_heif_opener()
Pillow.init()  # now, as Pillow's lazy loading of its readers is not safe among threads
FORMATS = tuple(
    {
        "AVIF",
        "BMP",
        "DIB",
        "GIF",
        "HEIF",
        "ICO",
        "JPEG",
        "JPEG2000",
        "MPO",
        "PCX",
        "PNG",
        "PPM",
        "QOI",
        "SGI",
        "TGA",
        "TIFF",
        "WEBP",
    }
    & Pillow.OPEN.keys()
)
DRAFTED = ("JPEG", "MPO")
"""Formats that are decoded to a part of their size, or straight to grey, where that is asked for."""
COLOURED = ("RGB", "YCbCr")
"""Modes of those that can be decoded straight to grey."""
MOST_PIXELS = 178_956_970
"""Larger pictures are refused from their header: it is Pillow's own limit, about 13,000 × 13,000."""
MOST_BYTES = 1 << 30
GREY = (0.299, 0.587, 0.114)
"""How much red, green and blue count for grey (ITU-R 601, as Pillow does)."""
_SIDES = (1, 3, 4)
_DEEP = ("I", "F")

# Pillow warns at half of the limit that is enforced here.
warnings.filterwarnings("ignore", category=Pillow.DecompressionBombWarning)
warnings.filterwarnings("ignore", "Corrupt EXIF data", UserWarning)  # the pixels are whole, and the message names no file


def to_bytes(values: np.ndarray, levels: Range) -> np.ndarray:
    """Numbers of any kind → uint8, `levels` spread over 0 … 255."""
    if values.dtype == bool:
        values = values.astype(np.uint8)
    if values.dtype == np.uint8 and levels == (0, 255):
        return values
    scaled = (values.astype(np.float32) - np.float32(levels.low)) * np.float32(255 / (levels.high - levels.low))
    return np.clip(np.rint(np.nan_to_num(scaled)), 0, 255).astype(np.uint8)


# -- opening ---------------------------------------------------------------------------------------------------------------
def content(cell: Any, base: Path | None, where: str) -> bytes:
    """The bytes of a picture: of the file that `cell` names, or `cell` itself. Raises `DataError`."""
    if isinstance(cell, dict):  # how Parquet files of the Hugging Face hub hold pictures
        cell = cell.get("bytes") or cell.get("path")
    if isinstance(cell, (bytes, bytearray, memoryview)):
        data = bytes(cell)
    elif isinstance(cell, (str, Path)) and str(cell).strip():
        data = _read(_found(str(cell).strip(), base), where)
    else:
        raise DataError(
            "F-IMAGE-MISSING", _("no picture is given"), where=where, expected=_("the path of a picture"), got=repr(cell)[:40]
        )
    if not data:
        raise DataError(
            "F-IMAGE-EMPTY", _("the picture has zero bytes"), where=where, fix=_("copy the file again or delete it")
        )
    return data


def _found(name: str, base: Path | None) -> Path:
    path = Path(name) if base is None else base / name
    if "\\" in name and "\0" not in name and not path.exists():  # a table that was written on Windows
        other = name.replace("\\", "/")
        return Path(other) if base is None else base / other
    return path


def _read(path: Path, where: str) -> bytes:
    try:
        kind = path.stat()
        if stat.S_ISREG(kind.st_mode) and kind.st_size <= MOST_BYTES:
            return path.read_bytes()
    except FileNotFoundError:
        raise DataError(
            "F-IMAGE-MISSING",
            _("the picture is not there"),
            where=where,
            got=str(path),
            fix=_("correct the path; relative ones start at the folder of the table"),
        ) from None
    except (OSError, ValueError) as error:
        raise DataError("F-IMAGE-UNREADABLE", _("the picture cannot be opened"), where=where, got=_reason(error)) from None
    if stat.S_ISREG(kind.st_mode):
        raise DataError(
            "F-IMAGE-SIZE",
            _("the file is too large for a picture"),
            where=where,
            expected=f"≤ {MOST_BYTES >> 20} MiB",
            got=f"{kind.st_size >> 20} MiB",
        )
    got = _("a folder") if stat.S_ISDIR(kind.st_mode) else _("a pipe or device")
    raise DataError("F-IMAGE-UNREADABLE", _("this is not a file"), where=where, expected=_("a picture file"), got=got)


def _reason(error: Exception) -> str:
    text = (getattr(error, "strerror", None) or str(error)).splitlines()
    return (text[0] if text else type(error).__name__)[:200]


def opened(data: bytes, where: str) -> Pillow.Image:
    """The picture with its header read and nothing decoded. Raises `DataError` where it is no picture or too large."""
    try:
        image = Pillow.open(io.BytesIO(data), formats=FORMATS)
    except Pillow.DecompressionBombError:
        raise _too_large(where, "") from None
    except Exception as error:  # Pillow's readers raise whatever a broken header leads to
        raise DataError(
            "F-IMAGE-UNREADABLE",
            _("this is not a picture that can be read"),
            where=where,
            expected="JPEG, PNG, WebP, TIFF, BMP, GIF, …",
            got=_looks_like(data) or ("" if "BytesIO" in str(error) else _reason(error)),
            fix=_("HEIC is not read: convert it to JPEG or PNG, or {command}").format(command="pip install 'fukami[heic]'")
            if _is_heic(data)
            else _("delete the file or save it again as PNG or JPEG"),
        ) from None
    if image.width * image.height > MOST_PIXELS:
        raise _too_large(where, f"{image.width} × {image.height}")
    return image


def _too_large(where: str, got: str) -> DataError:
    return DataError(
        "F-IMAGE-SIZE",
        _("the picture's header says that it is too large to decode"),
        where=where,
        expected=_("at most {n} pixels").format(n=f"{MOST_PIXELS:,}"),
        got=got,
        fix=_("save it smaller or delete it"),
    )


def _is_heic(data: bytes) -> bool:
    """Whether bytes begin as the photographs of telephones do."""
    return data[4:8] == b"ftyp" and data[8:12] in (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")


def _looks_like(data: bytes) -> str:
    head = data[:512].lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    if head.startswith((b"<!doctype html", b"<html")):
        return _("an HTML page")
    if head.startswith((b"<?xml", b"<svg")):
        return _("an XML or SVG document")
    if head.startswith(b"%pdf"):
        return _("a PDF document")
    if head.startswith(b"pk\x03\x04"):
        return _("a ZIP archive")
    if not head.strip(b"\0"):
        return _("only zero bytes")
    if _is_heic(data):
        return "HEIC"
    return _("a text") if all(32 <= b < 127 or b in (9, 10, 13) for b in head) else ""


# -- decoding --------------------------------------------------------------------------------------------------------------
def decoded(data: bytes, where: str, *, at_least: int = 0, grey: bool = False) -> Pillow.Image:
    """The first frame, upright. Raises `DataError` where the pixels cannot be decoded to the end.

    `at_least` px: JPEG decodes several times faster to half, a quarter or an eighth of its size, as long as both sides
    stay that long. `grey`: colours are not needed.
    """
    return finished(opened(data, where), where, at_least=at_least, grey=grey)


def finished(image: Pillow.Image, where: str, *, at_least: int = 0, grey: bool = False) -> Pillow.Image:
    """`decoded` of a picture whose header is read already."""
    try:
        if at_least and image.format in DRAFTED:
            image.draft("L" if grey and image.mode in COLOURED else image.mode, (at_least, at_least))
        image.load()
    except Exception as error:
        raise DataError(
            "F-IMAGE-BROKEN",
            _("the picture is cut off or damaged"),
            where=where,
            got=_reason(error),
            fix=_("copy the file again or delete it"),
        ) from None
    with contextlib.suppress(Exception):  # a broken EXIF block says nothing of the orientation; the pixels are whole
        ImageOps.exif_transpose(image, in_place=True)
    return image


def is_deep(image: Pillow.Image) -> bool:
    """Whether pixels have more than 8 bits."""
    return image.mode.startswith(_DEEP)


def has_grey_mode(image: Pillow.Image) -> bool:
    """Whether the picture's mode can hold no colours."""
    return is_deep(image) or image.mode in ("1", "L", "LA", "La")


def is_grey(image: Pillow.Image) -> bool:
    """Whether a picture in mode RGB has no colours all the same."""
    return bool(np.ptp(np.asarray(image.resize((16, 16), Pillow.Resampling.BOX)).astype(np.int16), axis=2).max() <= 4)


def in_mode(image: Pillow.Image, channels: int, levels: Levels) -> Pillow.Image:
    """The picture with 1 or 3 channels of 8 bits. Transparent pixels become white; deep ones are scaled from `levels`."""
    if is_deep(image):
        values = np.asarray(image)
        image = Pillow.fromarray(to_bytes(values, range_in(levels, image.mode, values)))
    elif image.has_transparency_data:
        image = image.convert("RGBA")
        white = Pillow.new("RGBA", image.size, "white")
        image = Pillow.alpha_composite(white, image)
    wanted = "L" if channels == 1 else "RGB"
    if image.mode == wanted:
        return image
    return image.convert("RGB").convert(wanted)  # CMYK and others have no direct way to grey


def fitted(image: Pillow.Image, size: int, mode: str) -> Pillow.Image:
    """`size` × `size` px: "squash" stretches, "crop" cuts the longer side off, "pad" adds edges of the mean grey."""
    if image.size == (size, size):
        return image
    filter = Pillow.Resampling.BILINEAR
    if mode == "crop":
        return ImageOps.fit(image, (size, size), filter)
    if mode == "pad":
        return ImageOps.pad(image, (size, size), filter, color=128 if image.mode == "L" else (128, 128, 128))
    return image.resize((size, size), filter, reducing_gap=2.0)


def plane(width_N: np.ndarray, height_N: np.ndarray, size: int, mode: str) -> Plane:
    """Where pixels of pictures of these sizes lie after `fitted`.

    >>> plane(np.array([40]), np.array([20]), 10, "pad").map[0].tolist()
    [[0.25, 0.0, 0.0], [0.0, 0.25, 2.5]]
    """
    across_N, down_N = size / width_N, size / height_N
    if mode in ("crop", "pad"):
        across_N = down_N = np.maximum(across_N, down_N) if mode == "crop" else np.minimum(across_N, down_N)
    map_N23 = np.zeros((len(width_N), 2, 3))
    map_N23[:, 0, 0], map_N23[:, 1, 1] = across_N, down_N
    map_N23[:, 0, 2], map_N23[:, 1, 2] = (size - across_N * width_N) / 2, (size - down_N * height_N) / 2
    return Plane(map_N23, np.stack([width_N, height_N], 1), (size, size))


def pixels(image: Pillow.Image) -> np.ndarray:
    """`x_CHW` uint8 of a picture in mode L or RGB."""
    x = np.asarray(image)
    return x[None] if x.ndim == 2 else x.transpose(2, 0, 1)


# -- arrays ----------------------------------------------------------------------------------------------------------------
def layout_of(shape: tuple[int, ...], where: str) -> str:
    """How arrays of `shape` (N, …) hold pictures: "hw", "hwc", "chw", or "flat" for squares in one row. Raises `DataError`.

    >>> [layout_of(s, "") for s in ((9, 28, 28), (9, 32, 32, 3), (9, 3, 32, 32), (9, 64), (9, 3072))]
    ['hw', 'hwc', 'chw', 'flat', 'flat']
    """
    if len(shape) == 3 and min(shape[1:]) > 0:
        return "hw"
    if len(shape) == 4 and min(shape[1:]) > 0:
        if shape[1] in _SIDES and not (shape[3] in _SIDES and shape[2] > 4):
            return "chw"
        if shape[3] in _SIDES:
            return "hwc"
    if len(shape) == 2 and is_square(shape[1]):
        return "flat"
    raise DataError(
        "F-IMAGE-SHAPE",
        _("arrays of this shape are not pictures"),
        where=where,
        expected="(N, H, W), (N, H, W, C), (N, C, H, W)",
        got=str(tuple(shape)),
    )


def holds_one(shape: tuple[int, ...], learned: Mapping[str, Any]) -> bool:
    """Whether an array of `shape` is one picture rather than N of them, for a field that learned what `learned` says.

    >>> grey, colour = {"shape": [20, 20], "channels": 1}, {"shape": [32, 32, 3], "channels": 3}
    >>> [holds_one(s, grey) for s in ((20, 20), (3, 20, 20), (4, 40, 40), (20, 20, 3), (9, 20, 20))]
    [True, False, False, True, False]
    >>> [holds_one(s, colour) for s in ((32, 32, 3), (3, 32, 32), (5, 32, 32), (2, 32, 32, 3))]
    [True, True, False, False]
    """
    own = tuple(learned.get("shape", ()))
    if own and shape in (own, (len(shape) and shape[0], *own)):
        return shape == own
    if len(shape) == 3:
        grey = len(own) == 2 or (not own and learned.get("channels") == 1)
        return shape[-1] in _SIDES or (shape[0] in _SIDES and not (grey and shape[0] > 1))
    return len(shape) < 3


def is_square(length: int) -> bool:
    """Whether a row of numbers could be the pixels of a square picture, at least 4 px wide."""
    return _square(length)[1] >= 4


def _square(length: int) -> tuple[int, int]:
    for channels in (1, 3):
        side = round((length / channels) ** 0.5)
        if channels * side * side == length:
            return channels, side
    return 0, 0


def as_nchw(values: np.ndarray, layout: str) -> np.ndarray:
    """Arrays of pictures as (N, C, H, W), without copying."""
    if layout == "hw":
        return values[:, None]
    if layout == "flat":
        channels, side = _square(values.shape[1])
        return values.reshape(len(values), channels, side, side)
    return values.transpose(0, 3, 1, 2) if layout == "hwc" else values


def with_channels(x_NCHW: np.ndarray, channels: int) -> np.ndarray:
    """uint8 pictures with 1 or 3 channels; transparency is laid over white."""
    if x_NCHW.shape[1] == 4:
        share = x_NCHW[:, 3:].astype(np.float32) / 255
        x_NCHW = np.rint(x_NCHW[:, :3] * share + 255 * (1 - share)).astype(np.uint8)
    if x_NCHW.shape[1] == channels:
        return x_NCHW
    if channels == 3:
        return np.repeat(x_NCHW, 3, axis=1)
    grey = np.tensordot(x_NCHW, np.array(GREY, np.float32), axes=([1], [0]))
    return np.rint(grey).astype(np.uint8)[:, None]


def from_array(cell: np.ndarray, levels: Levels, where: str) -> Pillow.Image:
    """One array of pixels as a picture in mode L or RGB. Raises `DataError` where its shape is none of a picture."""
    x_1CHW = as_nchw(cell[None], layout_of((1, *cell.shape), where))
    x_1CHW = with_channels(to_bytes(x_1CHW, range_of_array(levels, cell[None])), 1 if x_1CHW.shape[1] == 1 else 3)
    return Pillow.fromarray(np.ascontiguousarray(x_1CHW[0, 0] if x_1CHW.shape[1] == 1 else x_1CHW[0].transpose(1, 2, 0)))

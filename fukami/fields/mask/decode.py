"""Masks as they lie on the disk: the value of each pixel, whatever the file's mode.

The value of a pixel is its number in a grey picture or one with a palette, and `red << 16 | green << 8 | blue` in one that
shows classes by colours. H and W pixels.
"""

import base64
import binascii
import io
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as Pillow
from PIL import ImageOps

from fukami.core.errors import DataError
from fukami.core.language import _
from fukami.core.tables import Column
from fukami.fields import cells
from fukami.fields.image import decode, looks

PREFIX = "data:image/png;base64,"
"""How a mask begins that is told in JSON."""
LOSSY = ("JPEG", "MPO", "JPEG2000")
NEAR = 24
"""How far values of a black and white mask may have drifted from 0 and 255 by lossy compression."""
MOST_REMEMBERED = 200_000


@dataclass(frozen=True)
class Glance:
    """What one mask holds: its size, which values and how often, whether they are colours, a hash; `error` where it is none."""

    width: int = 0
    height: int = 0
    coloured: bool = False
    lossy: bool = False
    values: tuple[int, ...] = ()
    counts: tuple[int, ...] = ()
    content: int = 0
    error: DataError | None = None


_remembered: dict[Any, Glance] = {}


def glances(column: Column) -> list[Glance]:
    """A look at each mask. A file that did not change since the last one is not opened again."""
    items = looks.raw_cells(column)
    keys = [None] * len(items) if column.is_array else looks.keys_of(items, column.base)
    if len(_remembered) > MOST_REMEMBERED:
        _remembered.clear()
    missing = [row for row, key in enumerate(keys) if key is None or key not in _remembered]
    seen = looks.in_threads(partial(_glance, column, items), missing)
    fresh = dict(zip(missing, seen, strict=True))
    for row, glance in fresh.items():
        if keys[row] is not None and glance.error is None:
            _remembered[keys[row]] = glance
    return [fresh[row] if row in fresh else _remembered[key] for row, key in enumerate(keys)]


def _glance(column: Column, items: list[Any], row: int) -> Glance:
    where = looks.place(column, row, _short(items[row]))
    try:
        values_HW, coloured, lossy = read(items[row], column.base, where)
    except DataError as error:
        return Glance(error=error)
    H, W = values_HW.shape
    if coloured or values_HW.max(initial=0) >= 1 << 16:
        values, counts = np.unique(values_HW, return_counts=True)
    else:
        all_counts = np.bincount(values_HW.ravel())
        values = np.flatnonzero(all_counts)
        counts = all_counts[values]
    told = (tuple(values.tolist()), tuple(counts.tolist()))
    mark = int(cells.hashes([np.ascontiguousarray(values_HW).tobytes() + bytes(f"{H}x{W}", "ascii")])[0])
    return Glance(W, H, coloured, lossy, *told, mark)


def _short(cell: Any) -> Any:
    """A cell as messages show it: a mask that is written out has no name."""
    return "" if isinstance(cell, str) and cell.startswith(PREFIX[:10]) else cell


def read(cell: Any, base: Path | None, where: str, *, coloured: bool = False) -> tuple[np.ndarray, bool, bool]:
    """`values_HW` int32 of one mask (a path, bytes, an array, or a PNG in base64), whether they are colours, and whether the
    file's compression loses some of what was drawn.

    `coloured` takes grey for a colour as well, where the other masks show classes by colours. Raises `DataError`.
    """
    if isinstance(cell, np.ndarray):
        return *_of_array(cell, where, coloured), False
    if isinstance(cell, str) and cell.startswith("data:image/"):
        try:
            cell = base64.b64decode(cell.partition(",")[2], validate=True)
        except binascii.Error:
            raise DataError("F-MASK-BASE64", _("the mask is no picture in base64"), where=where) from None
    image = decode.opened(decode.content(cell, base, where), where)
    lossy = image.format in LOSSY
    try:
        image.load()
    except Exception:
        raise DataError("F-MASK-BROKEN", _("the mask is cut off or damaged"), where=where) from None
    image = ImageOps.exif_transpose(image)
    if (image.mode == "P" and coloured) or image.mode in ("CMYK", "YCbCr", "LAB", "HSV"):
        image = image.convert("RGB")
    values, colours = _of_array(np.asarray(image), where, coloured)
    if lossy and not colours and (np.minimum(values, np.abs(255 - values)) <= NEAR).mean() > 0.95:
        values = np.where(values >= 128, 255, 0).astype(np.int32)  # black and white survives
    return values, colours, lossy


def _of_array(array: np.ndarray, where: str, coloured: bool) -> tuple[np.ndarray, bool]:
    if array.ndim == 3 and array.shape[2] in (1, 2):  # with or without transparency
        array = array[..., 0]
    if array.dtype.kind == "f" and np.array_equal(array, np.rint(array)):
        array = array.astype(np.int64)
    fits = array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (3, 4))
    if not fits or array.size == 0 or array.dtype.kind not in "bui" or array.min() < 0:
        raise DataError(
            "F-MASK-SHAPE",
            _("this is no mask: it has not one whole number, or one colour, for each pixel"),
            where=where,
            expected="(H, W), (H, W, 3)",
            got=f"{tuple(array.shape)}, {array.dtype}",
        )
    if array.ndim == 3:
        r, g, b = (array[..., i].astype(np.int32) for i in range(3))
        if coloured or not (np.array_equal(r, g) and np.array_equal(g, b)):
            return r << 16 | g << 8 | b, True
        return r, False  # a grey picture that was saved in colour
    values = array.astype(np.int32)
    return (values * 0x010101, True) if coloured else (values, False)


def rows_and_columns(count: int, room: int) -> np.ndarray:
    """Which of `room` places lies nearest to the middle of each of `count`: int64 (count).

    >>> rows_and_columns(2, 6).tolist(), rows_and_columns(4, 2).tolist()
    ([1, 4], [0, 0, 1, 1])
    """
    return ((np.arange(count) + 0.5) * room / count).astype(np.int64)


def png(values_HW: np.ndarray, *, coloured: bool, colours: dict[int, tuple[int, int, int]]) -> bytes:
    """The bytes of a PNG that holds these values: with a palette, or where they are `coloured` or too large as they are."""
    buffer = io.BytesIO()
    if coloured:
        rgb = np.stack([values_HW >> 16 & 255, values_HW >> 8 & 255, values_HW & 255], 2).astype(np.uint8)
        image = Pillow.fromarray(rgb)
    elif values_HW.max(initial=0) > 255:
        image = Pillow.fromarray(values_HW.astype(np.uint16))
    else:
        image = Pillow.fromarray(values_HW.astype(np.uint8))
        palette = np.zeros((int(max(values_HW.max(initial=0), *colours, 0)) + 1, 3), np.uint8)
        for value, colour in colours.items():
            palette[value] = colour
        image.putpalette(palette.tobytes())  # what was grey has a palette from here on
    image.save(buffer, "PNG", optimize=False)
    return buffer.getvalue()


def as_text(data: bytes) -> str:
    """The bytes of a PNG as JSON tells them."""
    return PREFIX + base64.b64encode(data).decode("ascii")

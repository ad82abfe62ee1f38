"""One look at one picture: readable or not, its size, its mode, and what it is known again by."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image as Pillow

from fukami.core.errors import DataError
from fukami.core.language import _, stored, told
from fukami.fields import cells, pictures
from fukami.fields.picture_hash import array_hashes, counts_by_pixels, picture_hash

FORMAT = 1
"""Changes when a look would tell something else than before, so that looks kept on disk are not mistaken for it."""
THUMBNAIL_PX = 16
"""Side of the grey thumbnails that near pictures are compared by."""
_SMALL = (144, 128)  # a multiple of 9 × 8 and of 16 × 16, so that averages of averages are averages


class Glance(NamedTuple):
    """What one look at a picture told. `error` is set, and the rest empty, where it cannot be read.

    `levels` are the lowest and highest raw values of pictures with more than 8 bits; `thumbnail` holds the bytes of a small
    grey copy. A tuple, as there may be a million of them.
    """

    error: DataError | None = None
    content: int = 0
    near: int = 0
    width: int = 0
    height: int = 0
    format: str = ""
    mode: str = ""
    grey: bool = False
    levels: tuple[float, float] | None = None
    thumbnail: bytes = b""

    def at(self, where: str) -> "Glance":
        """The same of an equal picture at another place: an error names that place, in the user's language."""
        return self if self.error is None else Glance(_error({**stored(self.error.as_dict()), "where": where}))

    def lasts(self) -> bool:
        """Whether another look at the same bytes would tell the same: not where the system failed, rather than the picture."""
        cause = None if self.error is None else self.error.__context__
        if isinstance(cause, OSError) and cause.errno is not None:  # Pillow's own have no number
            return False
        return not (isinstance(cause, MemoryError) or "memory" in str(cause))


def digest_of(content: bytes | bytearray | str) -> bytes:
    """16 bytes by which the bytes of a picture, or its path, are known again."""
    data = os.fsencode(content) if isinstance(content, str) else content
    return hashlib.blake2b(data, digest_size=16).digest()


def _error(parts: dict[str, Any]) -> DataError:
    """The error with these parts. It holds on to no traceback, and so to no picture's bytes."""
    shown = told(parts)
    return DataError(shown.pop("code"), shown.pop("what"), **shown)


Hold = Callable[[Pillow.Image, str], None]
"""Takes a picture that a look has decoded at its full size, and the format of its file."""


def look(cell: Any, base: Path | None, where: str = "", *, hold: Hold | None = None) -> Glance:
    """One look at a path, at the bytes of a file, or at an array. What cannot be read is told, not raised."""
    try:
        return _array_glance(cell, where) if isinstance(cell, np.ndarray) else _glance(cell, base, where, hold)
    except DataError as error:
        return Glance(error=error)


def _glance(cell: Any, base: Path | None, where: str, hold: Hold | None) -> Glance:
    data = pictures.content(cell, base, where)
    header = pictures.opened(data, where)
    width, height, mode, kind = header.width, header.height, header.mode, header.format or ""
    by_pixels = counts_by_pixels(header)
    image = pictures.finished(header, where, at_least=0 if by_pixels else 64)
    if hold is not None and image.width * image.height == width * height:
        hold(image, kind)
    content = picture_hash(image) if by_pixels else cells.hash_of(data)
    if (image.width > image.height) != (width > height):  # stored on its side
        width, height = height, width
    levels = None
    if pictures.is_deep(image):
        values = np.asarray(image)
        if not np.isfinite(values).all():
            raise not_finite(where)
        levels = float(values.min()), float(values.max())
    small = pictures.in_mode(image, 1 if pictures.has_grey_mode(image) else 3, {})
    if max(small.size) > _SMALL[0]:
        small = small.resize(_SMALL, Pillow.Resampling.BOX)
    is_grey = small.mode == "L" or pictures.is_grey(small)
    small = small.convert("L")
    near, thumb = difference_hash(small), thumbnail(small)
    return Glance(None, content, near, width, height, kind, mode, is_grey, levels, thumb)


def not_finite(where: str) -> DataError:
    """The error for NaN or infinite pixels."""
    return DataError("F-IMAGE-NAN", _("the picture has pixels that are not finite numbers"), where=where)


def _array_glance(cell: np.ndarray, where: str) -> Glance:
    pictures.layout_of((1, *cell.shape), where)
    if cell.dtype.kind not in "buif" or not np.isfinite(cell).all():
        raise not_finite(where)
    grey = cell.ndim == 2 or 1 in (cell.shape[0], cell.shape[-1])
    hwc = cell.ndim == 3 and cell.shape[-1] in (1, 3, 4)
    height, width = cell.shape[:2] if cell.ndim == 2 or hwc else cell.shape[1:]
    (content,) = array_hashes(cell[None], where).tolist()
    levels = float(cell.min()), float(cell.max())
    return Glance(None, content, content, width, height, "array", "array", grey, levels)


def difference_hash(image: Pillow.Image) -> int:
    """64 bits of a grey picture: whether each of 8 × 8 patches is brighter than its right neighbour.

    Survives scaling and recompression.
    Source: D. Hacker Factor, "Kind of Like That", 2013. Patches are averaged here rather than sampled.
    """
    small = np.asarray(image.resize((9, 8), Pillow.Resampling.BOX))
    return int(np.packbits(small[:, :-1] < small[:, 1:]).view(">u8")[0])


def thumbnail(image: Pillow.Image) -> bytes:
    """The bytes of a grey picture at 16 × 16 pixels."""
    return image.resize((THUMBNAIL_PX, THUMBNAIL_PX), Pillow.Resampling.BOX).tobytes()

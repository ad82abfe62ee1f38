"""One look at one picture: readable or not, its size, its mode, and what it is known again by.

Its hash is equal where the decoded pixels are, whatever file format, palette or mode holds them: a PNG saved again as BMP, a
palette written out as colours, a grey picture stored as RGB, an array saved as a file are all the same picture. Pixels with
more than 8 bits count by their values.
"""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image as Pillow

from fukami.core.errors import DataError
from fukami.core.language import _, stored, told
from fukami.fields import cells
from fukami.fields.image import decode

FORMAT = 1
"""Changes when a look would tell something else than before, so that looks kept on disk are not mistaken for it."""
THUMBNAIL_PX = 16
"""Side of the grey thumbnails that near pictures are compared by."""
LARGEST_JPEG = 4_000_000
"""Pixels from which on a JPEG counts by the bytes of its file: to decode larger ones in full takes several times as long as all
else that is done with them. That one of them was saved again is left to the search for nearly equal pictures."""
_SMALL = (144, 128)  # a multiple of 9 × 8 and of 16 × 16, so that averages of averages are averages


class Look(NamedTuple):
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

    def at(self, where: str) -> "Look":
        """The same of an equal picture at another place: an error names that place, in the user's language."""
        return self if self.error is None else Look(_error({**stored(self.error.as_dict()), "where": where}))

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


def look(cell: Any, base: Path | None, where: str = "", *, hold: Hold | None = None) -> Look:
    """One look at a path, at the bytes of a file, or at an array. What cannot be read is told, not raised."""
    try:
        return _array_look(cell, where) if isinstance(cell, np.ndarray) else _file_look(cell, base, where, hold)
    except DataError as error:
        return Look(error=error)


def _file_look(cell: Any, base: Path | None, where: str, hold: Hold | None) -> Look:
    data = decode.content(cell, base, where)
    header = decode.opened(data, where)
    width, height, mode, kind = header.width, header.height, header.mode, header.format or ""
    by_pixels = counts_by_pixels(header)
    image = decode.finished(header, where, at_least=0 if by_pixels else 64)
    if hold is not None and image.width * image.height == width * height:
        hold(image, kind)
    content = picture_hash(image) if by_pixels else cells.hash_of(data)
    if (image.width > image.height) != (width > height):  # stored on its side
        width, height = height, width
    levels = None
    if decode.is_deep(image):
        values = np.asarray(image)
        if not np.isfinite(values).all():
            raise not_finite(where)
        levels = float(values.min()), float(values.max())
    small = decode.in_mode(image, 1 if decode.has_grey_mode(image) else 3, {})
    if max(small.size) > _SMALL[0]:
        small = small.resize(_SMALL, Pillow.Resampling.BOX)
    is_grey = small.mode == "L" or decode.is_grey(small)
    small = small.convert("L")
    near, thumb = difference_hash(small), thumbnail(small)
    return Look(None, content, near, width, height, kind, mode, is_grey, levels, thumb)


def not_finite(where: str) -> DataError:
    """The error for NaN or infinite pixels."""
    return DataError("F-IMAGE-NAN", _("the picture has pixels that are not finite numbers"), where=where)


def _array_look(cell: np.ndarray, where: str) -> Look:
    decode.layout_of((1, *cell.shape), where)
    if cell.dtype.kind not in "buif" or not np.isfinite(cell).all():
        raise not_finite(where)
    grey = cell.ndim == 2 or 1 in (cell.shape[0], cell.shape[-1])
    hwc = cell.ndim == 3 and cell.shape[-1] in (1, 3, 4)
    height, width = cell.shape[:2] if cell.ndim == 2 or hwc else cell.shape[1:]
    (content,) = array_hashes(cell[None], where).tolist()
    levels = float(cell.min()), float(cell.max())
    return Look(None, content, content, width, height, "array", "array", grey, levels)


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


def counts_by_pixels(image: Pillow.Image) -> bool:
    """Whether a picture of which the header is read is to be decoded in full."""
    return image.format not in ("JPEG", "MPO") or image.width * image.height < LARGEST_JPEG


def picture_hash(image: Pillow.Image) -> int:
    """64 bits of a decoded picture that stands upright.

    >>> grey = Pillow.new("L", (3, 2), 7)
    >>> len({array_hash(np.asarray(grey)), *(picture_hash(grey.convert(mode)) for mode in ("L", "RGB", "RGBA", "P"))})
    1
    """
    if decode.is_deep(image):
        return _hash("deep", np.asarray(image).astype(np.float64))
    if image.has_transparency_data:
        image = image.convert("RGBA")
    elif image.mode == "1":
        image = image.convert("L")
    elif image.mode not in ("L", "RGB"):
        image = image.convert("RGB")
    return array_hash(np.asarray(image))


def array_hash(x_HWC: np.ndarray) -> int:
    """The same of 8-bit pixels `(H, W)` or `(H, W, C)`."""
    if x_HWC.ndim == 3 and x_HWC.shape[2] == 4 and x_HWC[:, :, 3].min(initial=255) == 255:
        x_HWC = x_HWC[:, :, :3]
    if x_HWC.ndim == 3 and (x_HWC.shape[2] == 1 or (x_HWC.shape[2] == 3 and _without_colour(x_HWC))):
        x_HWC = x_HWC[:, :, 0]
    return _hash("pixels", x_HWC)


def _without_colour(x_HWC: np.ndarray) -> bool:
    some = x_HWC[:: max(1, len(x_HWC) // 16)]  # dismisses nearly all at little cost
    return all(np.array_equal(part[:, :, 0], part[:, :, k]) for part in (some, x_HWC) for k in (1, 2))


def _hash(kind: str, values: np.ndarray) -> int:
    return cells.hash_of(f"{kind} {values.shape} ".encode() + values.tobytes())


def array_hashes(values: np.ndarray, name: str) -> np.ndarray:
    """uint64 (N) of an array of pictures. Only 8-bit values can be the same as a file's; others count as they are."""
    if values.dtype != np.uint8:
        return cells.hashes(np.ascontiguousarray(x).tobytes() for x in values)
    x_NCHW = decode.as_nchw(values, decode.layout_of(values.shape, name))
    return np.fromiter((array_hash(x) for x in x_NCHW.transpose(0, 2, 3, 1)), np.uint64, len(values))

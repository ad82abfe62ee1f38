"""Depth as it lies on the disk: a number for each pixel, of any unit, 0 where nothing is known. H and W pixels.

Pictures of 8, 16 or 32 bits (PNG, TIFF, PGM), whose whole numbers are steps of `scale`; .npy, .npz and arrays, whose numbers
are depths; and the PNG in base64 that answers are told in.
"""

import base64
import binascii
import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as Pillow

from fukami.core.errors import DataError
from fukami.core.language import _
from fukami.fields.image import decode

PREFIX = "data:image/png;base64,"
ARRAYS = (".npy", ".npz")
ELSE = (".exr", ".pfm", ".hdr", ".mat", ".h5", ".hdf5")
MOST = 65535


def read(cell: Any, base: Path | None, where: str, scale: float, step: float = 0.0) -> np.ndarray:
    """`depth_HW` float32: 0 where it is not known. `scale` is what one step of a picture's numbers is, and `step` that of a
    picture in base64. Raises `DataError`."""
    if isinstance(cell, np.ndarray):
        return _cleaned(cell, where)
    if isinstance(cell, str) and cell.startswith(PREFIX):
        try:
            content = base64.b64decode(cell.removeprefix(PREFIX), validate=True)
        except binascii.Error:
            raise DataError("F-DEPTH-BASE64", _("the depth is no picture in base64"), where=where) from None
        return _cleaned(_picture(content, where), where) * np.float32(step or scale)
    ending = Path(str(cell)).suffix.lower() if isinstance(cell, str | Path) else ""
    if ending in ELSE:
        raise DataError(
            "F-DEPTH-KIND",
            _("depth is not read from files of this kind"),
            where=where,
            expected="PNG 16 bit, TIFF, .npy, .npz",
            got=ending,
            fix=_("save it as .npy, or as PNG of 16 bits in steps of one millimetre"),
        )
    content = decode.content(cell, base, where)
    if ending in ARRAYS:
        return _cleaned(_array(content, where), where)
    values_HW = _picture(content, where)
    return _cleaned(values_HW, where) * np.float32(scale if values_HW.dtype.kind in "bui" else 1.0)


def is_deep(cell: str | Path, base: Path | None) -> bool:
    """Whether a file is a picture of 16 bits or more, of one channel; its pixels are not looked at."""
    try:
        with Pillow.open(Path(cell) if base is None else base / cell) as image:
            return image.mode.startswith(("I", "F"))
    except Exception:
        return False


def _array(content: bytes, where: str) -> np.ndarray:
    try:
        found = np.load(io.BytesIO(content), allow_pickle=False)
        if isinstance(found, np.lib.npyio.NpzFile):
            names = found.files
            found = found["depth" if "depth" in names else names[0]]
    except Exception as error:
        why = _("the file is no array of numbers")
        raise DataError("F-DEPTH-BROKEN", why, where=where, expected="numpy.save", got=str(error)[:80]) from None
    return found


def _picture(content: bytes, where: str) -> np.ndarray:
    image = decode.opened(content, where)
    if image.format in ("JPEG", "MPO", "GIF", "WEBP"):
        raise DataError(
            "F-DEPTH-LOSSY",
            _("pictures of this kind cannot hold depth: they keep shades, not numbers"),
            where=where,
            expected="PNG 16 bit, TIFF, .npy, .npz",
            got=str(image.format),
            fix=_("save it as .npy, or as PNG of 16 bits in steps of one millimetre"),
        )
    try:
        return np.asarray(image)
    except Exception:
        raise DataError("F-DEPTH-BROKEN", _("the depth is cut off or damaged"), where=where) from None


def _cleaned(values: np.ndarray, where: str) -> np.ndarray:
    """What is not finite, or not above 0, is not known."""
    if values.ndim == 3 and 1 in (values.shape[0], values.shape[2]):
        values = values.squeeze(0 if values.shape[0] == 1 else 2)
    if values.ndim != 2 or not values.size or values.dtype.kind not in "buif":
        raise DataError(
            "F-DEPTH-SHAPE",
            _("this is no depth: it has not one number for each pixel"),
            where=where,
            expected="(H, W)",
            got=f"{tuple(values.shape)}, {values.dtype}",
            fix=_("a depth in colours is drawn for people: save the numbers that it was drawn from"),
        )
    with np.errstate(over="ignore", invalid="ignore"):
        wide = values.astype(np.float32)
    return np.where(np.isfinite(wide) & (wide > 0), wide, np.float32(0))


def png(depth_HW: np.ndarray, step: float) -> bytes:
    """The bytes of a PNG of 16 bits, in steps of `step`; 0 where nothing is known."""
    steps_HW = np.where(depth_HW > 0, np.clip(np.rint(depth_HW.astype(np.float64) / step), 1, MOST), 0)
    buffer = io.BytesIO()
    Pillow.fromarray(steps_HW.astype(np.uint16)).save(buffer, "PNG")
    return buffer.getvalue()


def as_text(depth_HW: np.ndarray, step: float) -> str:
    """Depth as JSON tells it.

    >>> read(as_text(np.array([[0.5, 0.0]]), 0.001), None, "", 1.0, 0.001).tolist()
    [[0.5, 0.0]]
    """
    return PREFIX + base64.b64encode(png(depth_HW, step)).decode("ascii")

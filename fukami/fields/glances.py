"""One look at each picture of a column, remembered: readable or not, size, mode, and two fingerprints.

The doctor, the split's proof and the choice of a size all need some of it, and opening files is what costs. So each file is
read and decoded once (a very large JPEG at an eighth of its size, which still reads it to its end), in threads, and remembered
until it changes.
"""

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from PIL import Image as Pillow

from fukami.core.errors import DataError
from fukami.core.language import _
from fukami.core.tables import Column
from fukami.fields import cells, pictures
from fukami.fields.parsing import plain
from fukami.fields.picture_hash import array_hashes, counts_by_pixels, picture_hash

_R = TypeVar("_R")
_T = TypeVar("_T")
MOST_REMEMBERED = 1_000_000
AT_A_TIME = 8
"""Pictures that a thread takes at a time."""
_SMALL = (144, 128)  # a multiple of 9 × 8 and of 16 × 16, so that averages of averages are averages
MOST_SHOWN = 400
"""Letters of a path that a message shows."""


@dataclass(frozen=True, slots=True)
class Glance:
    """What one look at a picture told. `error` is set, and the rest empty, where it cannot be read.

    `levels` are the lowest and highest raw values of pictures with more than 8 bits; `thumbnail` holds the bytes of a small
    grey copy.
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


THUMBNAIL_PX = 16
"""Side of the grey thumbnails that near pictures are compared by."""
_remembered: dict[Any, Glance] = {}


def raw_cells(column: Column) -> list[Any]:
    """The cells of a column as Python values: paths, bytes, or arrays."""
    values = column.values
    return list(values) if isinstance(values, np.ndarray) else plain(values).to_pylist()


def place(column: Column, row: int, cell: Any) -> str:
    """How a message names a picture: its file, after the table's row where there is a table."""
    if isinstance(cell, dict):
        cell = cell.get("path")
    path = "" if not isinstance(cell, (str, Path)) else str(cell if column.base is None else column.base / cell)
    if not path:
        return column.where(row)
    path = path if len(path) <= MOST_SHOWN else path[:MOST_SHOWN] + "…"
    return f"{column.where(row)} {path}" if column.file else path


def in_threads(work: Callable[[_T], _R], items: Sequence[_T]) -> list[_R]:
    """`work` over all items, in order, in as many threads as there are processors. Decoders release Python's lock.

    Small pictures cost little more than handing them to a thread, so each thread takes several at a time.
    """
    threads = min(32, processors(), -(-len(items) // AT_A_TIME))
    if threads < 2:
        return [work(item) for item in items]

    def several(start: int) -> list[_R]:
        return [work(item) for item in items[start : start + AT_A_TIME]]

    with ThreadPoolExecutor(threads) as pool:
        return list(chain.from_iterable(pool.map(several, range(0, len(items), AT_A_TIME))))


def processors() -> int:
    """How many processors this process may use: a container's or a batch job's share, where the system tells."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on Linux
        return os.cpu_count() or 1


def glances(column: Column) -> list[Glance]:
    """One look at each cell (paths, bytes or single arrays)."""
    if len(_remembered) > MOST_REMEMBERED:
        _remembered.clear()
    items, base = raw_cells(column), None if column.base is None else str(column.base)
    keys = [_key(cell, base) for cell in items]
    found = [None if key is None else _remembered.get(key) for key in keys]
    unknown = [row for row, look in enumerate(found) if look is None]
    for row, look in zip(unknown, in_threads(lambda row: _glance(items[row], keys[row], column, row), unknown), strict=True):
        found[row] = look
    return [look for look in found if look is not None]


def _glance(cell: Any, key: Any, column: Column, row: int) -> Glance:
    where = place(column, row, cell)
    try:
        found = _array_glance(cell, where) if isinstance(cell, np.ndarray) else _look(cell, column.base, where)
    except DataError as error:
        return Glance(error=error)
    if key is not None:
        with _lock:
            _remembered[key] = found
    return found


_lock = threading.Lock()


def _key(cell: Any, base: str | None) -> Any:
    if isinstance(cell, (bytes, bytearray)):
        return cells.hash_of(bytes(cell))
    if isinstance(cell, (str, Path)) and cell:
        # a `Path` would cost more than the look at it
        path = str(cell) if base is None else os.path.join(base, cell)  # noqa: PTH118
        try:
            told = os.stat(path)  # noqa: PTH116
        except (OSError, ValueError):
            return None
        return path, told.st_mtime_ns, told.st_size, told.st_ino
    return None


def _look(cell: Any, base: Path | None, where: str) -> Glance:
    data = pictures.content(cell, base, where)
    header = pictures.opened(data, where)
    width, height, mode, kind = header.width, header.height, header.mode, header.format or ""
    by_pixels = counts_by_pixels(header)
    image = pictures.finished(header, where, at_least=0 if by_pixels else 64)
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


def thumbnails(column: Column, rows: np.ndarray) -> np.ndarray:
    """Small grey copies of some pictures (R, D), each centred and of length 1: the product of two is their correlation."""
    if is_pixels(column):
        from torch import from_numpy
        from torch.nn.functional import adaptive_avg_pool2d

        x_NCHW = pictures.as_nchw(column.values[rows], pictures.layout_of(column.values.shape, column.name))
        side = min(THUMBNAIL_PX * 2, *x_NCHW.shape[2:])  # arrays are small: no need to lose what tells them apart
        small = adaptive_avg_pool2d(from_numpy(np.asarray(x_NCHW, np.float32).mean(1)), side).numpy()
    else:
        found = (np.frombuffer(g.thumbnail or bytes(THUMBNAIL_PX**2), np.uint8) for g in glances(column.take(rows)))
        small = np.stack(list(found)).astype(np.float32)
    flat = small.reshape(len(rows), -1)
    flat = flat - flat.mean(1, keepdims=True)
    return flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-6)


def difference_hashes(x_NHW: np.ndarray) -> np.ndarray:
    """The same of many grey arrays at once (or of `x_NCHW`, made grey): uint64 (N)."""
    import torch
    from torch.nn.functional import adaptive_avg_pool2d

    out = []
    for start in range(0, len(x_NHW), 8192):
        part = torch.from_numpy(x_NHW[start : start + 8192].astype(np.float32))
        part = part.mean(1) if part.ndim == 4 else part
        small = adaptive_avg_pool2d(part[:, None], (8, 9))[:, 0].numpy()
        bits = small[:, :, :-1] < small[:, :, 1:] - 1e-3
        out.append(np.packbits(bits.reshape(len(bits), 64), axis=1).view(">u8")[:, 0].astype(np.uint64))
    return np.concatenate(out) if out else np.zeros(0, np.uint64)


def is_pixels(column: Column) -> bool:
    """Whether the cells are slices of one numeric array, rather than paths, bytes or arrays of several sizes."""
    return column.is_array and column.values.dtype.kind in "buif"

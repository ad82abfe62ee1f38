"""Pictures for programs without Fukami: what `export/standalone/image.py` needs to know, and raw pictures as files."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as Pillow

from fukami.core.tables import Column
from fukami.fields import glances, pictures


def portable(name: str, state: dict[str, Any]) -> dict[str, Any]:
    """Size, channels, way of fitting, levels, mean and deviation."""
    kept = ("size_px", "channels", "resize", "levels", "mean", "std")
    return {"kind": "image", "name": name, "code": ["image"], **{key: state[key] for key in kept}}


def as_files(columns: Sequence[Column], rows: np.ndarray, folder: Path, levels: pictures.Levels) -> list[str]:
    """Paths of the pictures of some rows; those that are no files (arrays, bytes) are written into `folder`."""
    column = columns[0].take(rows)
    if glances.is_pixels(column):
        layout = pictures.layout_of(column.values.shape, column.name)
        column = Column(column.name, pictures.as_nchw(column.values, layout))
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for row, cell in enumerate(glances.raw_cells(column)):
        where = glances.place(column, row, cell)
        path = None if isinstance(cell, np.ndarray) else _path(cell, column.base)
        if path is None:
            data = _png(cell, levels, where) if isinstance(cell, np.ndarray) else pictures.content(cell, column.base, where)
            path = folder / (f"{row}.png" if isinstance(cell, np.ndarray) else str(row))
            path.write_bytes(data)
        found.append(str(path.resolve()))
    return found


def _path(cell: Any, base: Path | None) -> Path | None:
    """The file that a cell names, if it is one as it stands."""
    if not isinstance(cell, (str, Path)):
        return None
    path = Path(cell) if base is None else base / cell
    return path if path.is_file() else None


def _png(cell: np.ndarray, levels: pictures.Levels, where: str) -> bytes:
    buffer = io.BytesIO()
    image: Pillow.Image = pictures.from_array(cell, levels, where)
    image.save(buffer, "PNG")
    return buffer.getvalue()

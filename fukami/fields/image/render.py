"""A picture for people: a thumbnail in its own colours, as an HTML fragment that is complete in itself."""

import base64
import html
import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as Pillow

from fukami.core.errors import DataError
from fukami.core.tables import Column
from fukami.fields.image import decode, looks
from fukami.fields.image.ranges import Levels

THUMBNAIL_PX = 160


def rendered(column: Column, row: int, levels: Levels) -> str:
    """The picture of a row, or why it cannot be shown."""
    column = column.take(np.array([row]))
    (cell,) = looks.raw_cells(column)
    where = looks.place(column, 0, cell)
    try:
        image = _shown(cell, column, where, levels)
    except DataError as error:
        return f"<em>{html.escape(error.what)}</em>"
    image.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX))
    buffer = io.BytesIO()
    kind = "png" if max(image.size) <= 64 else "jpeg"
    image.save(buffer, kind.upper(), **({} if kind == "png" else {"quality": 80}))
    data = base64.b64encode(buffer.getvalue()).decode()
    name = Path(cell).name if isinstance(cell, (str, Path)) else where
    return f'<img src="data:image/{kind};base64,{data}" alt="{html.escape(name, quote=True)}">'


def _shown(cell: Any, column: Column, where: str, levels: Levels) -> Pillow.Image:
    if isinstance(cell, np.ndarray):
        return decode.from_array(cell, levels, where)
    image = decode.decoded(decode.content(cell, column.base, where), where, at_least=THUMBNAIL_PX)
    channels = 1 if image.mode in ("1", "L") or decode.is_deep(image) else 3
    return decode.in_mode(image, channels, levels)

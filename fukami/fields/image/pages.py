"""Files of several pictures, such as a scan of several pages, of which the first is taken."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

from fukami.core.language import _n
from fukami.core.problems import Problem
from fukami.core.tables import Column
from fukami.fields.image import looks

ENDINGS = (".tif", ".tiff")
LOOKED_AT = 200
"""Files that are opened once more, to count their pages."""


def several_pages(column: Column) -> Iterator[Problem]:
    """A note where files hold more than the picture that is read from them."""
    if looks.is_pixels(column):
        return
    items = looks.raw_cells(column)
    named = [row for row, cell in enumerate(items) if isinstance(cell, (str, Path)) and str(cell).lower().endswith(ENDINGS)]
    looked = [named[place] for place in np.linspace(0, len(named) - 1, min(len(named), LOOKED_AT)).astype(int)]
    pages = {row: _pages(Path(items[row]) if column.base is None else column.base / items[row]) for row in looked}
    found = [row for row, count in pages.items() if count > 1]
    if found:
        yield Problem(
            code="F-IMAGE-PAGES",
            severity="note",
            what=_n(
                "{n} file holds several pages, of which the first is read",
                "{n} files hold several pages, of which the first is read",
                len(found),
            ),
            where=", ".join(looks.place(column, row, items[row]) for row in found[:3]) + (", …" if len(found) > 3 else ""),
            got=_n("{n} page", "{n} pages", pages[found[0]]),
            count=len(found),
        )


def _pages(path: Path) -> int:
    try:
        with Pillow.open(path, formats=("TIFF",)) as image:
            return getattr(image, "n_frames", 1)
    except Exception:  # what cannot be read is told elsewhere
        return 1

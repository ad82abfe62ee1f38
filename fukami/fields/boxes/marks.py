"""Raw cells of boxes: what people write about one picture, as arrays. T boxes.

A cell is a list (or JSON of one) with an object for each box: `{"box": [x, y, width, height], "label": "cat"}` in pixels of
the picture, or its corners `xmin, ymin, xmax, ymax` in the place of `box`. `"ignored": "difficult"` or `"crowd"` says that it
is not judged: a crowd covers any number of answers. An empty list is a picture with nothing in it; an empty cell is no answer.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from fukami.core.language import _
from fukami.core.tables import Column
from fukami.fields.image.looks import raw_cells

CORNERS = ("xmin", "ymin", "xmax", "ymax")
IGNORED = ("", "difficult", "crowd")
"""How a box is judged, by number: as any other; not, but it may be found once; not, and it covers what lies in it."""


@dataclass(frozen=True)
class Marked:
    """The boxes of a picture: `box_T4` are x, y, width and height; `fault` says why the cell cannot be read."""

    box: np.ndarray
    labels: tuple[str, ...] = ()
    ignored: tuple[int, ...] = ()
    fault: str = ""
    size: tuple[float, float] | None = None
    """Width and height of the picture, where they are told beside its boxes (`{"boxes": […], "size": […]}`)."""

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def corners(self) -> np.ndarray:
        """`corners_T4`: left, top, right, bottom."""
        return np.concatenate([self.box[:, :2], self.box[:, :2] + self.box[:, 2:]], 1)


def marked(column: Column) -> list[Marked | None]:
    """The boxes of each cell; None where nothing is said."""
    return [of_cell(cell) for cell in raw_cells(column)]


def of_cell(cell: Any) -> Marked | None:
    """The boxes of one cell.

    >>> of_cell('[{"box": [1, 2, 3, 4], "label": "cat"}]').corners.tolist()
    [[1.0, 2.0, 4.0, 6.0]]
    >>> of_cell(""), of_cell("[]").labels, bool(of_cell("cat").fault)
    (None, (), True)
    """
    if cell is None or (isinstance(cell, float) and cell != cell) or (isinstance(cell, str) and not cell.strip()):
        return None
    if isinstance(cell, str | bytes):
        try:
            cell = json.loads(cell)
        except (ValueError, RecursionError):
            return _faulty(_("it is not JSON"))
    size = None
    if isinstance(cell, Mapping) and "boxes" in cell:
        size, cell = cell.get("size"), cell["boxes"]
    if not isinstance(cell, list | tuple | np.ndarray):
        return _faulty(_("it is no list of boxes"))
    boxes, labels, ignored = [], [], []
    for number, one in enumerate(cell, 1):
        box, label = (_box(one), label_of(one)) if isinstance(one, Mapping) else (None, None)
        if box is None or label is None:
            return _faulty(
                (_("box {n} has no four finite numbers") if box is None else _("box {n} has no label")).format(n=number)
            )
        word = str(one.get("ignored") or "")
        boxes.append(box)
        labels.append(label)
        ignored.append(IGNORED.index(word) if word in IGNORED else 1)
    return Marked(
        np.array(boxes, np.float64).reshape(-1, 4),
        tuple(labels),
        tuple(ignored),
        size=None if size is None else (size[0], size[1]),
    )


def _faulty(why: str) -> Marked:
    return Marked(np.empty((0, 4)), fault=why)


def _box(one: Mapping[str, Any]) -> list[float] | None:
    box = one.get("box")
    box = one.get("bbox") if box is None else box
    corners = box is None
    given = [one.get(name) for name in CORNERS] if corners else list(box) if np.iterable(box) else []
    try:
        told = [float(value) for value in given]  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    if len(told) != 4 or not np.isfinite(told).all() or max(map(abs, told)) > 1e7:
        return None
    return [told[0], told[1], told[2] - told[0], told[3] - told[1]] if corners else told


def label_of(one: Mapping[str, Any]) -> str | None:
    found = next((one[name] for name in ("label", "class", "category", "name") if one.get(name) is not None), None)
    text = "" if found is None else str(found).strip()
    return text or None

"""Raw cells of keypoints: what people write about one picture, as arrays. T things (people), P points of each.

A cell is a list (or JSON of one) with an object for each thing: `{"points": {"nose": [x, y], "left_eye": null}}` in pixels of
the picture, or `{"keypoints": [x, y, v, …]}` in the order of the names that the source tells, as COCO writes them: v is 0
where a point is not known, 1 where it is hidden, 2 where it is seen. Beside may stand `box`, `area`, `label` and
`"ignored": "crowd"`. An array (P, 2) or (P, 3) is one thing. An empty list is a picture with nothing in it; an empty cell is no
answer.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fukami.core.language import _
from fukami.core.tables import Column
from fukami.fields.boxes.marks import IGNORED, label_of
from fukami.fields.image.looks import raw_cells

ONE = "person"
"""The class of things of which the source names none."""
SHARE_OF_BOX = 0.53
"""The area of a thing as a share of its box, where it is not told: what people in COCO cover on average."""
LARGEST = 1e7

Points = dict[str, tuple[float, float]]
"""Name of a point → where it is; points that are not known are left out."""


@dataclass(frozen=True)
class Posed:
    """The things of a picture: `points`, `box_T4` (x, y, width, height; around the points where none is told) and `area_T` of
    each; `fault` says why the cell cannot be read, `size` how large the picture is said to be, `bare` which have no box."""

    points: tuple[Points, ...] = ()
    box: np.ndarray = field(default_factory=lambda: np.empty((0, 4)))
    area: np.ndarray = field(default_factory=lambda: np.empty(0))
    labels: tuple[str, ...] = ()
    ignored: tuple[int, ...] = ()
    bare: tuple[bool, ...] = ()
    fault: str = ""
    size: tuple[float, float] | None = None

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def corners(self) -> np.ndarray:
        """`corners_T4`: left, top, right, bottom."""
        return np.concatenate([self.box[:, :2], self.box[:, :2] + self.box[:, 2:]], 1)

    def placed(self, names: Sequence[str]) -> np.ndarray:
        """`points_TP3`: x, y and 1, or three zeros where a point is not known."""
        out_TP3 = np.zeros((len(self), len(names), 3))
        at = {name: number for number, name in enumerate(names)}
        for row, points in zip(out_TP3, self.points, strict=True):
            for name, (x, y) in points.items():
                if name in at:
                    row[at[name]] = x, y, 1
        return out_TP3


def names_of(column: Column) -> list[str]:
    """Names of points in the order that the source tells; of a source that tells none, in that of the cells."""
    told = list(column.told.get("points", ()))
    if told or not len(column):
        return told
    found: dict[str, None] = {}
    for one in posed(column):
        for points in one.points if one is not None else ():
            found |= dict.fromkeys(points)
    return sorted(found, key=int) if all(name.isdigit() for name in found) else list(found)


def posed(column: Column) -> list[Posed | None]:
    """The things of each cell; None where nothing is said."""
    names = tuple(column.told.get("points", ()))
    return [of_cell(cell, names) for cell in raw_cells(column)]


def of_cell(cell: Any, names: Sequence[str] = ()) -> Posed | None:
    """The things of one cell.

    >>> of_cell('[{"points": {"nose": [1, 2]}}]').points, of_cell("[]").labels, of_cell("")
    (({'nose': (1.0, 2.0)},), (), None)
    >>> of_cell('[{"keypoints": [5, 6, 2, 0, 0, 0]}]', ["a", "b"]).points, bool(of_cell("x").fault)
    (({'a': (5.0, 6.0)},), True)
    """
    if cell is None or (isinstance(cell, float) and cell != cell) or (isinstance(cell, str) and not cell.strip()):
        return None
    if isinstance(cell, str | bytes):
        try:
            cell = json.loads(cell)
        except (ValueError, RecursionError):
            return Posed(fault=_("it is not JSON"))
    size = None
    if isinstance(cell, np.ndarray) and cell.dtype.kind in "fiu":
        cell = [{"points": cell.tolist()}]
    if isinstance(cell, Mapping) and "people" in cell:
        size, cell = cell.get("size"), cell["people"]
    if isinstance(cell, Mapping):
        cell = [cell]
    if not isinstance(cell, list | tuple | np.ndarray):
        return Posed(fault=_("it is no list of things with points"))
    parts: list[tuple[Points, list[float], bool, float, str, int]] = []
    for number, one in enumerate(cell, 1):
        try:
            parts.append(_thing(one, names))
        except ValueError as error:
            return Posed(fault=f"{number}: {error}")
    points, boxes, bare, areas, labels, ignored = zip(*parts, strict=True) if parts else ((), (), (), (), (), ())
    sized = None if size is None or len(size) != 2 else (float(size[0]), float(size[1]))
    return Posed(points, np.array(boxes).reshape(-1, 4), np.array(areas, float), labels, ignored, bare, size=sized)


def _thing(one: Any, names: Sequence[str]) -> tuple[Points, list[float], bool, float, str, int]:
    """Raises `ValueError` with what is wrong."""
    told = next((one[key] for key in ("points", "keypoints") if one.get(key) is not None), None) if _is_object(one) else None
    if told is None:
        raise ValueError(_("it has no points"))
    points = _points(told, names)
    box = one.get("box") if one.get("box") is not None else one.get("bbox")
    bare = box is None
    if box is None:
        xy_P2 = np.array(list(points.values()), float).reshape(-1, 2)
        low, high = (xy_P2.min(0), xy_P2.max(0)) if len(xy_P2) else (np.zeros(2), np.zeros(2))
        box = [*low, *(high - low)]
    box = _numbers(box)
    if len(box) != 4:
        raise ValueError(_("its box has no four finite numbers"))
    given = one.get("area")
    area = _numbers([given])[0] if given is not None else 0.0
    word = str(one.get("ignored") or "")
    ignored = IGNORED.index(word) if word in IGNORED else 1
    # points in a line have a box without area, not without size
    room = max(box[2] * box[3], max(box[2:]) ** 2 / 4) if bare else box[2] * box[3]
    return points, box, bare, area if area > 0 else SHARE_OF_BOX * room, label_of(one) or ONE, ignored


def _is_object(one: Any) -> bool:
    return isinstance(one, Mapping)


def _points(told: Any, names: Sequence[str]) -> Points:
    if isinstance(told, Mapping):
        listed = list(told.items())
    elif isinstance(told, list | tuple | np.ndarray):
        rows = _rows(list(told), len(names))
        if names and len(rows) != len(names):
            raise ValueError(_("it has {n} points in the place of {total}").format(n=len(rows), total=len(names)))
        listed = list(zip(names or map(str, range(1, len(rows) + 1)), rows, strict=True))
    else:
        raise ValueError(_("it has no points"))
    return {str(name): place for name, row in listed if (place := _place(row, name)) is not None}


def _rows(told: list[Any], count: int) -> list[Any]:
    """A list of points, or of numbers: two or three for each point."""
    if not told or any(isinstance(one, list | tuple | np.ndarray | Mapping | None) for one in told):
        return told
    seen = all(isinstance(one, int | float) and 0 <= one <= 2 for one in told[2::3])  # how well a point is seen
    wide = 3 if len(told) % 3 == 0 and (len(told) == 3 * count if count else seen) else 2
    if len(told) % wide:
        raise ValueError(_("its numbers are neither two nor three for each point"))
    return [told[at : at + wide] for at in range(0, len(told), wide)]


def _place(row: Any, name: Any) -> tuple[float, float] | None:
    """Where a point is; None where it is not known."""
    if row is None:
        return None
    if isinstance(row, Mapping):
        row = [row.get("x"), row.get("y"), row.get("visible")]
    values = list(row) if np.iterable(row) and not isinstance(row, str) else []
    if len(values) not in (2, 3):
        raise ValueError(_("the point {name} has no x and y").format(name=name))
    seen = values[2] if len(values) == 3 else None
    if seen is not None and seen == seen and not float(seen) > 0:  # NaN says nothing
        return None
    if all(value is None or value != value for value in values[:2]):
        return None
    x, y = _numbers(values[:2])
    return x, y


def _numbers(values: Any) -> list[float]:
    try:
        found = [float(value) for value in values]
    except (TypeError, ValueError):
        raise ValueError(_("it holds something that is no number")) from None
    if not np.isfinite(found).all() or max(map(abs, found), default=0) > LARGEST:
        raise ValueError(_("it holds numbers that are not finite, or far too large"))
    return found

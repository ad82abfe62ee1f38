"""Raw cells of instances: what people draw of one picture, thing by thing. T things, H and W pixels of what was drawn.

A cell is one of these:

* a list (or JSON of one) with an object for each thing: its class as `label`, its mask as `segmentation` or `mask`: polygons
  `[[x, y, x, y, …], …]`, runs as COCO has them (`{"size": [H, W], "counts": […] or "…"}`), or the path of a picture in which
  it is not black; `"ignored": "crowd"` is not judged;
* the path of a label image, or an array: 0 is nothing, 1 to n are things, all of one class.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from fukami.core.errors import DataError
from fukami.core.language import _
from fukami.core.tables import Column
from fukami.fields.boxes.marks import IGNORED, label_of
from fukami.fields.image import looks
from fukami.fields.instances.bits import of_runs, runs_of
from fukami.fields.mask import decode

ONE = "object"
"""The class of things in label images, unless the source names it."""
MOST_REMEMBERED = 50_000


@dataclass(frozen=True)
class Drawn:
    """The things of a picture: `runs[t]` of the mask of each on `size` (width, height); `fault` says why the cell cannot be
    read. `empty` counts things without a pixel, which are left out."""

    runs: list[np.ndarray] = field(default_factory=list)
    labels: tuple[str, ...] = ()
    ignored: tuple[int, ...] = ()
    size: tuple[int, int] = (0, 0)
    fault: str = ""
    empty: int = 0

    def __len__(self) -> int:
        return len(self.labels)

    def mask(self, thing: int) -> np.ndarray:
        """bool (H, W)."""
        return of_runs(self.runs[thing], self.size[1], self.size[0])


_remembered: dict[Any, Drawn] = {}


def drawn(column: Column) -> list[Drawn | None]:
    """The things of each cell; None where nothing is said. Files that did not change are not opened again."""
    items, label = looks.raw_cells(column), str(column.told.get("label", ONE))
    if len(_remembered) > MOST_REMEMBERED:
        _remembered.clear()

    def of(row: int) -> Drawn | None:
        cell = items[row]
        key = _key(cell, column.base, label)
        if key is None or key not in _remembered:
            found = of_cell(cell, column.base, label)
            if key is None or found is None or found.fault:
                return found
            _remembered[key] = found
        return _remembered[key]

    return looks.in_threads(of, range(len(items)))


def _key(cell: Any, base: Path | None, label: str) -> Any:
    """What a cell is known again by: its text, or its file as it is now."""
    if not isinstance(cell, str | Path):
        return None
    if _is_json(cell):
        return (cell, str(base)) if ".png" not in str(cell) else None
    path = Path(cell) if base is None else base / cell
    try:
        told = path.stat()
    except (OSError, ValueError):
        return None
    return str(path), told.st_size, told.st_mtime_ns, label


def _is_json(cell: Any) -> bool:
    return isinstance(cell, str) and cell.lstrip()[:1] in ("[", "{")


def of_cell(cell: Any, base: Path | None = None, label: str = ONE) -> Drawn | None:
    """The things of one cell.

    >>> of_cell('[{"label": "cat", "segmentation": [[0, 0, 2, 0, 2, 2, 0, 2]], "size": [4, 2]}]').mask(0).sum()
    np.int64(4)
    >>> of_cell(np.array([[0, 7], [9, 0]])).labels, of_cell(""), bool(of_cell("[3]").fault)
    (('object', 'object'), None, True)
    """
    if cell is None or (isinstance(cell, float) and cell != cell) or (isinstance(cell, str) and not cell.strip()):
        return None
    try:
        if isinstance(cell, np.ndarray) and cell.ndim == 2 and cell.dtype.kind in "bui":
            return _of_labels(cell, label)
        if isinstance(cell, str | Path | bytes) and not _is_json(cell):
            return _of_labels(_values(cell, base), label)
        return _of_list(json.loads(cell) if isinstance(cell, str) else cell, base)
    except DataError as error:
        return Drawn(fault=error.what + (f" ({error.got})" if error.got else ""))
    except (ValueError, RecursionError):
        return Drawn(fault=_("it is not JSON"))


def _values(cell: Any, base: Path | None) -> np.ndarray:
    values_HW, _coloured, lossy = decode.read(cell, base, "")
    if lossy:
        raise DataError("F-INSTANCES-LOSSY", _("its compression changes the numbers of things: save it as PNG"))
    return values_HW


def _of_labels(values_HW: np.ndarray, label: str) -> Drawn:
    """One thing for each value that is not 0."""
    flat = values_HW.ravel()
    order = np.argsort(flat, kind="stable")
    values, starts = np.unique(flat[order], return_index=True)
    runs = []
    for value, places in zip(values, np.split(order, starts[1:]), strict=True):
        if value == 0:
            continue
        first = np.concatenate([[True], np.diff(places) > 1])
        begins, ends = places[first], places[np.concatenate([first[1:], [True]])] + 1
        edges = np.stack([begins, ends], 1).ravel()
        runs.append(np.diff(np.concatenate([[0], edges, [flat.size]])).astype(np.int32))
    return Drawn(runs, (label,) * len(runs), (0,) * len(runs), (values_HW.shape[1], values_HW.shape[0]))


def _of_list(cell: Any, base: Path | None) -> Drawn:
    size = None
    if isinstance(cell, Mapping) and ("instances" in cell or "boxes" in cell):
        size, cell = cell.get("size"), cell.get("instances", cell.get("boxes"))
    if not isinstance(cell, list | tuple | np.ndarray):
        raise DataError("F-INSTANCES-CELL", _("it is no list of things, and no label image"))
    masks, labels, ignored, empty = [], [], [], 0
    for number, one in enumerate(cell, 1):
        label = label_of(one) if isinstance(one, Mapping) else None
        if label is None:
            raise DataError("F-INSTANCES-CELL", _("thing {n} has no label").format(n=number))
        mask_HW = _mask(one, size or one.get("size"), base, number)
        word = str(one.get("ignored") or "")
        if not mask_HW.any():
            empty += 1
            continue
        masks.append(mask_HW)
        labels.append(label)
        ignored.append(IGNORED.index(word) if word in IGNORED else 1)
    shapes = {mask.shape for mask in masks}
    if len(shapes) > 1:
        raise DataError("F-INSTANCES-CELL", _("masks of one picture differ in size"), got=str(sorted(shapes)))
    (height, width) = shapes.pop() if shapes else (int(size[1]), int(size[0])) if size else (1, 1)
    return Drawn([runs_of(mask) for mask in masks], tuple(labels), tuple(ignored), (width, height), empty=empty)


def _mask(one: Mapping[str, Any], size: Any, base: Path | None, number: int) -> np.ndarray:
    told = one.get("segmentation")
    told = one.get("mask") if told is None else told
    if isinstance(told, str):
        return _values(told, base) != 0
    if isinstance(told, Mapping) and "counts" in told:
        return of_coco(told)
    if isinstance(told, list | tuple | np.ndarray) and len(told) and size:
        polygons = [told] if np.isscalar(told[0]) else list(told)
        return filled(polygons, int(size[1]), int(size[0]), number)
    why = _("thing {n} has no mask: neither polygons (with the picture's size), runs, nor a file")
    raise DataError("F-INSTANCES-CELL", why.format(n=number))


def of_coco(told: Mapping[str, Any]) -> np.ndarray:
    """The mask of runs as COCO writes them, column by column, as numbers or as its short text: bool (H, W).

    >>> of_coco({"size": [2, 2], "counts": [1, 2, 1]}).astype(int).tolist()
    [[0, 1], [1, 0]]
    """
    height, width = (int(side) for side in told["size"])
    counts = told["counts"]
    runs = np.array(_numbers(counts) if isinstance(counts, str | bytes) else counts, np.int64)
    if runs.ndim != 1 or (runs < 0).any() or runs.sum() != height * width:
        raise DataError("F-INSTANCES-RUNS", _("runs do not fill the mask"), got=f"{int(runs.sum())} / {height} × {width}")
    return of_runs(runs, width, height).T


def as_coco(mask_HW: np.ndarray) -> dict[str, Any]:
    """The opposite, as plain numbers, which pycocotools reads as well (`mask.frPyObjects`)."""
    return {"size": list(mask_HW.shape), "counts": runs_of(mask_HW.T).tolist()}


def _numbers(text: str | bytes) -> list[int]:
    """COCO's short text as numbers: five bits in a letter, the sixth says that more follow; from the fourth number on each is
    the difference to the one two before."""
    letters = text.encode() if isinstance(text, str) else text
    found, at = [], 0
    while at < len(letters):
        value, shift, more = 0, 0, True
        while more and at < len(letters):
            part = letters[at] - 48
            value |= (part & 31) << shift
            more, at, shift = bool(part & 32), at + 1, shift + 5
            if not more and part & 16:
                value |= -1 << shift
        found.append(value + (found[-2] if len(found) > 2 else 0))
    return found


def filled(polygons: Sequence[Any], height: int, width: int, number: int = 1) -> np.ndarray:
    """The pixels whose middle lies in one of the polygons `[x, y, x, y, …]`: bool (H, W)."""
    mask_HW = np.zeros((height, width), bool)
    for told in polygons:
        try:
            points_P2 = np.array(told, np.float64).reshape(-1, 2)
        except (ValueError, TypeError):
            points_P2 = np.empty((0, 2))
        if len(points_P2) < 3 or not np.isfinite(points_P2).all():
            raise DataError("F-INSTANCES-CELL", _("a polygon of thing {n} has no three points").format(n=number))
        mask_HW |= _inside(points_P2, height, width)
    return mask_HW


def _inside(points_P2: np.ndarray, height: int, width: int) -> np.ndarray:
    """Of one polygon: along each row a pixel is inside where an odd number of edges lies left of its middle."""
    after_P2 = np.roll(points_P2, -1, 0)
    crossings_HW = np.zeros((height, width + 1), np.int64)
    low = max(0, int(np.floor(points_P2[:, 1].min() - 0.5)))
    for y in range(low, min(height, int(np.ceil(points_P2[:, 1].max() + 0.5)))):
        crossed_P = (points_P2[:, 1] <= y + 0.5) != (after_P2[:, 1] <= y + 0.5)
        (x0, y0), (x1, y1) = points_P2[crossed_P].T, after_P2[crossed_P].T
        at = np.ceil(x0 + (y + 0.5 - y0) / (y1 - y0) * (x1 - x0) - 0.5)
        np.add.at(crossings_HW[y], at.clip(0, width).astype(np.int64), 1)
    return (crossings_HW.cumsum(1)[:, :-1] % 2).astype(bool)

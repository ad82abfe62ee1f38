"""Boxes in a table with a row for each: `filename, xmin, ymin, xmax, ymax, class`, as spreadsheets and many tools write them.

Columns go by their names, which many tools spell in their own way; instead of the far corner there may be width and height. The
table lies in a folder with the pictures, or above it; several tables are parts (`train.csv`, `test_labels.csv`). A row whose
box is empty says that there is nothing in its picture.
"""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from fukami.core.language import N_, _
from fukami.core.recipe import DataChoices
from fukami.core.tables import Table
from fukami.data.parts import part_in
from fukami.data.readers import delimited
from fukami.data.readers._annotated import Annotated, Notes, Pictures, files_below, part_of, table

TOLD = N_("boxes in a table with a row for each")
FOR = ("boxes",)
EXPECTED = "filename,xmin,ymin,xmax,ymax,class"
EXTENSIONS = (".csv", ".tsv")
NAMES = {
    "picture": ("filename", "file_name", "file", "image", "image_id", "imageid", "image_name", "img", "path", "image_path"),
    "label": ("class", "label", "class_name", "category", "name", "labelname", "cell_type", "type"),
    "xmin": ("xmin", "x_min", "x1", "left"),
    "ymin": ("ymin", "y_min", "y1", "top"),
    "xmax": ("xmax", "x_max", "x2", "right"),
    "ymax": ("ymax", "y_max", "y2", "bottom"),
    "x": ("x", "bbox_x", "x_min", "xmin", "left"),
    "y": ("y", "bbox_y", "y_min", "ymin", "top"),
    "width": ("w", "bbox_width", "width", "box_width"),
    "height": ("h", "bbox_height", "height", "box_height"),
}
CORNERS, SIDES = ("xmin", "ymin", "xmax", "ymax"), ("x", "y", "width", "height")
PARTS = ("part", "split", "subset", "set")
_QUICK = 4000


def claims(source: Path, kinds: tuple[str, ...]) -> float:
    """Sure where the first row of a table names a picture, a class and the sides of a box."""
    if not set(FOR) & set(kinds):
        return 0.0
    if source.is_file():
        return 0.97 if source.suffix.lower() in EXTENSIONS and _columns(_first_row(source)) else 0.0
    return 0.95 if any(_columns(_first_row(path)) for path in files_below(source, EXTENSIONS, _QUICK)[:10]) else 0.0


def read(source: Path, choices: DataChoices, *, kinds: tuple[str, ...] = ()) -> Table:
    """A row for each picture that a table names. Raises `DataError` where there is none."""
    root = source if source.is_dir() else source.parent
    tables = files_below(source, EXTENSIONS) if source.is_dir() else [source]
    pictures, notes, found = Pictures(root), Notes(), {}
    problems = []
    for path in tables:
        one = delimited.read(path, choices)
        problems += one.problems
        columns = _columns(list(one.columns))
        if not columns:
            continue
        part_column = next((name for name in one.columns if name.lower() in PARTS), None)
        own: dict[Path, dict[str, Any]] = {}
        for row, told in _rows(one, [*columns.values(), *([part_column] if part_column else [])]):
            where = f"{path}:{row}"
            name = told[columns["picture"]]
            picture = pictures.of(name, path.parent) if name else None
            if picture is None:
                notes.add("F-BOXES-PICTURE", where, name or "")
                continue
            if picture in found and picture not in own:
                notes.add("F-BOXES-SEVERAL", where, str(picture))
                continue
            cell = own.setdefault(picture, {"boxes": []})
            values = {side: told[column] for side, column in columns.items() if side not in ("picture", "label")}
            if any(values.values()):
                cell["boxes"].append(_box(values, told[columns["label"]] or ""))
            part = part_in(told[part_column] or "") if part_column else part_in(path.stem) or part_of(picture, root)
            found.setdefault(picture, Annotated(picture, cell, where, part))
    for picture in pictures.paths if found else ():
        if picture not in found:
            notes.add("F-BOXES-BARE", str(picture))
    problems += notes.problems(
        {
            "F-BOXES-PICTURE": (_("rows without a picture are left out: {n}"), EXPECTED, _("correct the names of pictures")),
            "F-BOXES-SEVERAL": (
                _("of several tables that tell of one picture the first is taken; rows of others: {n}"),
                _("each picture in one table"),
                _("remove the others"),
            ),
            "F-BOXES-BARE": (
                _("pictures without an annotation are left out: {n}"),
                EXPECTED,
                _("a row with the name alone says that there is nothing in a picture"),
            ),
        }
    )
    return table(source, found.values(), problems, "box-rows", EXPECTED)


def _first_row(path: Path) -> list[str]:
    with path.open("r", encoding="utf-8-sig", errors="replace", newline="") as file:
        line = file.readline(4000)
    delimiter = max(",;\t", key=line.count)
    return next(csv.reader([line], delimiter=delimiter), [])


def _columns(names: Sequence[str]) -> dict[str, str]:
    """What a table's columns are, by the names of `NAMES`; empty where it has no boxes of rows."""
    known = {name.strip().lower(): name for name in names}

    def of(part: str) -> str | None:
        return next((known[name] for name in NAMES[part] if name in known), None)

    for sides in (CORNERS, SIDES):
        found = {part: of(part) for part in ("picture", "label", *sides)}
        if all(found.values()) and len(set(found.values())) == len(found):
            return {part: name for part, name in found.items() if name is not None}
    return {}


def _rows(one: Table, names: list[str]) -> Iterator[tuple[int, dict[str, str | None]]]:
    """The line of each row, and its cells."""
    columns = {name: one.columns[name].values.to_pylist() for name in names}
    lines = one.columns[names[0]].rows
    for row, cells in enumerate(zip(*columns.values(), strict=True)):
        yield int(lines[row]) if lines is not None else row + 2, dict(zip(columns, cells, strict=True))


def _box(values: dict[str, str | None], label: str) -> dict[str, Any]:
    numbers = {side: _number(text) for side, text in values.items()}
    if "xmax" in numbers:
        return {"label": label, **numbers}
    box = [numbers[side] for side in SIDES]
    return {"box": None if None in box else box, "label": label}


def _number(text: str | None) -> float | None:
    try:
        return float((text or "").strip())
    except ValueError:
        return None

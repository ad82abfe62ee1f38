"""Tables of keypoints: a row for each thing, with columns `NAME_x`, `NAME_y` (and `NAME_visible`) for each point.

`nose.x` and `nose x` are read as well, and `_v`, `_vis`, `_visibility` for the third. Several rows of one picture are several
things in it; where no point of a row has a place, nothing is shown. Of a folder every such table is read; train, valid and test
in their names are its parts.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from fukami.core.errors import DataError
from fukami.core.language import N_, _
from fukami.core.recipe import DataChoices
from fukami.core.tables import Column, Table, plain
from fukami.data.files import is_junk, read_bytes, stem, suffix
from fukami.data.joined import joined
from fukami.data.names import usual
from fukami.data.parts import part_in
from fukami.data.readers import delimited

TOLD = N_("a table with columns NAME_x and NAME_y for each point")
FOR = ("keypoints",)
_HEADING = re.compile(r"(?P<name>.*\S)[ _.\-:](?P<axis>x|y|v|vis|visible|visibility)", re.IGNORECASE)
_SAMPLE = 1 << 16


def claims(source: Path, kinds: tuple[str, ...]) -> float:
    """Sure of a table whose first line names points, or of a folder with one."""
    return 0.95 if set(FOR) & set(kinds) and next(_files(source), None) is not None else 0.0


def _files(source: Path) -> Iterator[Path]:
    found = sorted(source.iterdir()) if source.is_dir() else [source]
    for path in found:
        if path.is_file() and not is_junk(path.name) and suffix(path) in (".csv", ".tsv") and _names_points(path):
            yield path


def _names_points(path: Path) -> bool:
    try:
        first = read_bytes(path, only=_SAMPLE).decode("utf-8", "replace").lstrip("\ufeff").splitlines()[:1]
    except DataError:
        return False
    return bool(first and _points([part.strip().strip('"') for part in re.split(r"[,;\t]", first[0])]))


def _points(headings: list[str]) -> dict[str, dict[str, str]]:
    """Name of a point → its axes (x, y, v) → heading; points without both x and y are none."""
    found: dict[str, dict[str, str]] = {}
    for heading in headings:
        told = _HEADING.fullmatch(heading)
        if told:
            found.setdefault(told["name"], {})[told["axis"][0].lower()] = heading
    return {name: axes for name, axes in found.items() if {"x", "y"} <= set(axes)}


def read(source: Path, choices: DataChoices, *, kinds: tuple[str, ...] = ()) -> Table:
    """Columns `keypoints` and whatever else the table has, a row for each picture. Raises `DataError` where none names it."""
    tables = [(part_in(stem(path)), _read(path, choices)) for path in _files(source)]
    if not tables:
        raise DataError(
            "F-KEYPOINTS-TABLE",
            _("no table here names points"),
            where=str(source),
            expected=_("columns such as {names}").format(names="nose_x, nose_y"),
        )
    return joined(tables, name=str(source), layout="point-tables") if len(tables) > 1 else tables[0][1]


def _read(path: Path, choices: DataChoices) -> Table:
    found = delimited.read(path, choices)
    points = _points(list(found.columns))
    taken = {heading for axes in points.values() for heading in axes.values()}
    rest = {name: column for name, column in found.columns.items() if name not in taken}
    asked = str(choices.columns.get("image") or choices.columns.get("input") or "")
    picture = asked if asked in rest else next((name for name in rest if plain(name) in usual("image", target=False)), "")
    if not picture:
        raise DataError(
            "F-KEYPOINTS-PICTURE",
            _("no column of the table names pictures"),
            where=str(path),
            expected="image",
            got=", ".join(list(rest)[:8]),
            fix="--set input=COLUMN",
        )
    cells = {heading: found.columns[heading].values.to_pylist() for heading in taken}
    comma = found.columns[picture].told.get("delimiter") == ";"
    people: dict[Any, list[dict[str, Any]]] = {}
    first: dict[Any, int] = {}
    for row, name in enumerate(found.columns[picture].values.to_pylist()):
        told = {point: _place(axes, cells, row, comma=comma) for point, axes in points.items()}
        first.setdefault(name, row)
        shown = people.setdefault(name, [])
        if any(place is not None for place in told.values()):
            shown.append({"points": told})
    rows = np.array(list(first.values()), np.int64)
    given = found.columns[picture]
    told = pa.array([json.dumps({"people": shown}, ensure_ascii=False) for shown in people.values()], pa.string())
    lines = None if given.rows is None else given.rows[rows]
    own = Column("keypoints", told, base=given.base, file=given.file, rows=lines, told={"points": list(points)})
    columns = {name: column.take(rows) for name, column in rest.items()}
    hints = {"image": picture, "keypoints": "keypoints"}
    return replace(found, columns={**columns, "keypoints": own}, hints=hints, layout="point-tables")


def _place(axes: dict[str, str], cells: dict[str, list[Any]], row: int, *, comma: bool) -> list[Any] | None:
    """A point as `fields/keypoints/marks.py` reads it: numbers where cells are numbers, else what stands there."""
    told = [_number(cells[axes[axis]][row], comma=comma) for axis in "xyv" if axis in axes]
    return None if told[0] is None and told[1] is None else told


def _number(text: Any, *, comma: bool) -> Any:
    """Spelt-out truth values are numbers as well."""
    if not isinstance(text, str):
        return text
    words = {"true": 2, "yes": 2, "visible": 2, "false": 0, "no": 0, "occluded": 1, "hidden": 1, "nan": None}
    if text.lower() in words:
        return words[text.lower()]
    try:
        return float(text.replace(",", ".") if comma else text)
    except ValueError:
        return text

"""Boxes in the layout of YOLO: a text file for each picture, with a line `class x y width height` for each box.

Numbers are shares of the picture's sides, x and y the middle of the box; lines of more numbers are outlines, of which the box
around them is taken. Text files lie in `labels` where pictures lie in `images`, or beside them. `data.yaml` names the classes
(or `classes.txt`, `obj.names`) and may say where parts are. A picture without a text file has nothing in it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import yaml

from fukami.core.errors import DataError
from fukami.core.language import N_, _
from fukami.core.recipe import DataChoices
from fukami.core.tables import Column, Table
from fukami.data.parts import part_named
from fukami.data.readers._annotated import Annotated, Notes, Pictures, files_below, part_of, table
from fukami.fields.image.looks import sizes_of

TOLD = N_("boxes in text files beside pictures, as YOLO has them")
FOR = ("boxes",)
EXPECTED = "images/NAME.jpg + labels/NAME.txt: class x y width height"
NAMES = ("classes.txt", "obj.names", "_darknet.labels", "names.txt")
"""Files of class names that lie beside labels; `predefined_classes.txt` is a list of what might be."""
_QUICK = 4000


def claims(source: Path, kinds: tuple[str, ...]) -> float:
    """Sure where a line of a text file beside pictures is a class and four numbers, or a YAML file names classes."""
    if not set(FOR) & set(kinds):
        return 0.0
    if source.is_file():
        return 0.95 if source.suffix.lower() in (".yaml", ".yml") and "names" in _yaml(source) else 0.0
    texts = [path for path in files_below(source, (".txt",), _QUICK) if path.name not in NAMES]
    for path in texts[:20]:
        lines = path.read_text("utf-8", "replace").split("\n", 1)
        values = lines[0].split()
        if len(values) >= 5 and values[0].isdigit() and all(map(_is_number, values)):
            return 0.95
    return 0.95 if texts and any("names" in _yaml(path) for path in source.glob("*.y*ml")) else 0.0


def read(source: Path, choices: DataChoices, *, kinds: tuple[str, ...] = ()) -> Table:
    """A row for each picture. Raises `DataError` where there are no labels."""
    root = source if source.is_dir() else source.parent
    settings = [source] if source.is_file() else sorted(root.glob("*.y*ml"))
    told = next((found for path in settings if "names" in (found := _yaml(path))), {})
    names, notes = _names(root, told), Notes()
    pictures = Pictures(root).paths
    labels = [_labels(path) for path in pictures]
    if not any(path.is_file() for path in labels):
        raise DataError(
            "F-BOXES-PICTURE",
            _("there is no picture here of which boxes are told"),
            where=str(source),
            expected=EXPECTED,
            fix=_("give annotations the names of their pictures"),
        )
    column = Column("image", pa.array([str(path) for path in pictures]))
    rows = []
    for path, label, width, height in zip(pictures, labels, *sizes_of(column), strict=True):
        part = _parts(path, root, told) or part_of(path, root)
        if label.is_file():
            cell = {"boxes": [_box(one, width, height) for one in _lines(label, names, notes)]}
        else:
            notes.add("F-BOXES-BARE", str(path))
            cell = {"boxes": []}
        rows.append(Annotated(path, cell, str(label if label.is_file() else path), part))
    for path in {label.parent for label in labels if label.is_file()}:
        known = {label.name for label in labels}
        for text in path.glob("*.txt"):
            if text.name not in known and text.name not in NAMES and not text.name.lower().startswith(("readme", "license")):
                notes.add("F-BOXES-PICTURE", str(text))
    problems = notes.problems(
        {
            "F-BOXES-LINE": (
                _("pictures with lines that are no class and four numbers are left out; such lines: {n}"),
                "class x y width height",
                _("mend the line, or remove it"),
            ),
            "F-BOXES-PIXELS": (
                _("pictures with numbers above 1, which are no shares of their sides, are left out; such lines: {n}"),
                _("numbers from 0 to 1"),
                _("divide them by width and height of the picture"),
            ),
            "F-BOXES-CLASS": (
                _("pictures with lines of a class that has no name are left out; such lines: {n}"),
                _("one of {names}").format(names=", ".join(names[:8]) or "0, 1, …"),
                _("add its name, or correct the number"),
            ),
            "F-BOXES-BARE": (
                _("pictures without a text file are taken to have nothing in them: {n}"),
                EXPECTED,
                _("remove them if they were never looked at"),
            ),
            "F-BOXES-PICTURE": (_("text files without a picture are left out: {n}"), EXPECTED, _("correct their names")),
        }
    )
    return table(source, rows, problems, "yolo", EXPECTED)


def _yaml(path: Path) -> dict[str, Any]:
    try:
        told = yaml.safe_load(path.read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return {}
    return told if isinstance(told, dict) else {}


def _names(root: Path, told: dict[str, Any]) -> list[str]:
    """Names of classes by number; none where nothing names them, and numbers are taken."""
    names = told.get("names")
    if isinstance(names, dict):
        numbered = {int(key): str(value) for key, value in names.items() if str(key).isdigit()}
        return [numbered.get(k, str(k)) for k in range(max(numbered, default=-1) + 1)]
    if isinstance(names, list):
        return [str(name) for name in names]
    for folder in (root, root / "labels", *(root / name / "labels" for name in ("train", "valid"))):
        for name in NAMES:
            if (folder / name).is_file():
                lines = (folder / name).read_text("utf-8-sig", "replace").splitlines()
                return [line.strip() for line in lines if line.strip()]
    return []


def _labels(picture: Path) -> Path:
    """The text file of a picture: below `labels` in the place of the last `images`, or beside it."""
    parts = list(picture.parts)
    for at in range(len(parts) - 2, -1, -1):
        if parts[at].lower() == "images":
            below = Path(*parts[:at], "labels", *parts[at + 1 :]).with_suffix(".txt")
            if below.is_file() or not picture.with_suffix(".txt").is_file():
                return below
    beside = picture.with_suffix(".txt")
    other = picture.parent / "labels" / beside.name
    return other if other.is_file() and not beside.is_file() else beside


def _parts(picture: Path, root: Path, told: dict[str, Any]) -> str:
    """The part whose folder, or list, the YAML file says that a picture is in."""
    base = root / str(told.get("path") or "")
    for word, value in told.items():
        part = part_named(str(word))
        for place in value if isinstance(value, list) else [value]:
            if not part or not isinstance(place, str):
                continue
            for home in (base, root):
                folder = (home / place).resolve()
                if not folder.exists():  # written for another working folder: `../train/images`
                    folder = (home / place.replace("\\", "/").lstrip("./")).resolve()
                if folder.is_file() and picture.name in {
                    Path(line).name for line in folder.read_text("utf-8", "replace").split()
                }:
                    return part
                if folder.is_dir() and picture.resolve().is_relative_to(folder):
                    return part
    return ""


def _lines(path: Path, names: list[str], notes: Notes) -> Iterator[tuple[str, np.ndarray | None]]:
    """Label and the four shares of each line; None where it cannot be read."""
    for number, line in enumerate(path.read_text("utf-8-sig", "replace").splitlines(), 1):
        values = line.replace(",", " ").split()
        if not values:
            continue
        where, kind = f"{path}:{number}", values[0].removesuffix(".0")
        outline = len(values) > 6 and len(values) % 2 == 1
        shares = None
        if not kind.isdigit() or not (len(values) in (5, 6) or outline) or not all(map(_is_number, values[1:])):
            notes.add("F-BOXES-LINE", where, line[:60])
        elif names and int(kind) >= len(names):
            notes.add("F-BOXES-CLASS", where, kind)
        elif max(map(float, values[1:5] if not outline else values[1:])) > 1.5:
            notes.add("F-BOXES-PIXELS", where, line[:60])
        elif outline:
            points = np.array(values[1:], float).reshape(-1, 2)
            low, high = points.min(0), points.max(0)
            shares = np.concatenate([(low + high) / 2, high - low])
        else:
            shares = np.array(values[1:5], float)
        label = names[int(kind)] if shares is not None and names else kind
        yield label, shares


def _box(told: tuple[str, np.ndarray | None], width: int, height: int) -> dict[str, Any]:
    label, shares = told
    if shares is None:
        return {"box": None, "label": label}
    x, y, across, down = (shares * [width, height, width, height]).tolist()
    return {"box": [round(value, 4) for value in (x - across / 2, y - down / 2, across, down)], "label": label}


def _is_number(text: str) -> bool:
    try:
        return bool(np.isfinite(float(text)))
    except ValueError:
        return False

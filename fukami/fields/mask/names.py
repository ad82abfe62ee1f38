"""What the classes of masks are called, and which value or colour stands for each: from options, or from files beside them.

A line of such a file names one class: `name`, `3 name`, `name 64 128 64`, `64,128,64,name`, `name:64,128,64::` (CVAT). JSON
holds a list of names, or an object of names by number or the other way round. Lines that begin with # are passed over.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from fukami.core.errors import DataError
from fukami.core.language import _

FILES = (
    "classes.txt", "class_names.txt", "codes.txt", "labels.txt", "label_names.txt", "labelmap.txt", "label_colors.txt",
    "palette.txt", "class_dict.csv", "classes.csv", "classes.json", "labels.json", "label_map.json",
)  # fmt: skip
IGNORED = (
    "void", "unlabelled", "unlabeled", "unlabel", "ignore", "ignored", "dontcare", "don't care", "未ラベル", "無視", "除外",
)  # fmt: skip
"""Names of what is no class, in small letters."""


@dataclass(frozen=True)
class Named:
    """A class: what it is called, and the value of its pixels as `decode.read` tells it."""

    name: str
    value: int
    coloured: bool = False


def beside(folders: list[Path]) -> list[Named]:
    """The classes that a file in one of `folders` names, the first that is there; none where there is no such file."""
    for folder in folders:
        for name in FILES:
            if (folder / name).is_file():
                return of_file(folder / name)
    return []


def of_option(text: str) -> list[Named]:
    """The classes of `--set classes=…`: a file, or names in the order of their numbers."""
    if not text:
        return []
    path = Path(text).expanduser()
    if "," not in text or path.is_file():
        if path.is_file():
            return of_file(path)
        raise DataError(
            "F-MASK-CLASSES", _("there is no file of class names here"), where=text, fix=_("name a file, or: a,b,c")
        )
    return [Named(part.strip(), value) for value, part in enumerate(text.split(","))]


def of_file(path: Path) -> list[Named]:
    """The classes that a file names. Raises `DataError` where it names none."""
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(
            "F-MASK-CLASSES", _("the file of class names cannot be read"), where=str(path), got=str(error)
        ) from None
    found = _of_json(text) if path.suffix.lower() == ".json" else _of_lines(text.splitlines())
    if not found:
        raise DataError("F-MASK-CLASSES", _("the file names no class"), where=str(path), expected=_("one name in a line"))
    return found


def _of_json(text: str) -> list[Named]:
    try:
        told = json.loads(text)
    except json.JSONDecodeError:
        return []
    if isinstance(told, list):
        return [Named(str(name), value) for value, name in enumerate(told)]
    found = []
    for key, value in told.items() if isinstance(told, dict) else ():
        if isinstance(value, list) and len(value) == 3:
            found.append(Named(str(key), _rgb(*map(int, value)), True))
        elif str(key).isdigit():
            found.append(Named(str(value), int(key)))
        elif isinstance(value, int):
            found.append(Named(str(key), value))
    return sorted(found, key=lambda one: one.value) if found and not found[0].coloured else found


def _of_lines(lines: list[str]) -> list[Named]:
    found: list[Named] = []
    for line in lines:
        text = line.strip().rstrip(":")
        if not text or text.startswith("#"):
            continue
        parts = [part for part in re.split(r"[\s,;:]+", text) if part]
        numbers = [int(part) for part in parts if part.isdigit()]
        words = " ".join(part for part in parts if not part.isdigit())
        if len(numbers) >= 3 and max(numbers[-3:]) < 256 and words:
            found.append(Named(words, _rgb(*numbers[-3:]), True))
        elif len(numbers) == 1 and len(parts) > 1 and words and (parts[0].isdigit() or "," in text):
            found.append(Named(words, numbers[0]))
        elif words.lower().split() not in (["name", "r", "g", "b"], ["r", "g", "b", "name"]):
            found.append(Named(text, len(found)))
    return found


def _rgb(r: int, g: int, b: int) -> int:
    return r << 16 | g << 8 | b

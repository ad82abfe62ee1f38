"""Boxes, masks and keypoints in the layout of COCO: one JSON file with `images`, `annotations` and `categories`, for each
part or for all.

The file itself, or the folder that holds it: `annotations/instances_train2017.json` beside `train2017/`, or
`train/_annotations.coco.json` beside its pictures. Parts are named by the file or by its folder. A `crowd` is not judged.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from fukami.core.errors import DataError
from fukami.core.language import N_, _
from fukami.core.recipe import DataChoices
from fukami.core.tables import Table
from fukami.data.files import read_bytes
from fukami.data.parts import PART_OF, part_in
from fukami.data.readers._annotated import Annotated, Notes, Pictures, files_below, part_of, table

TOLD = N_("boxes, masks or keypoints in JSON files, as COCO has them")
FOR = ("boxes", "instances", "keypoints")
BESIDE = {"instances": ("segmentation",), "keypoints": ("keypoints", "area")}
"""What of an annotation stands beside its box, by the kind that is asked for."""
EXPECTED = (
    '{"images": [{"id", "file_name"}], "annotations": [{"image_id", "category_id", "bbox"}], "categories": [{"id", "name"}]}'
)
_QUICK, _SAMPLE = 4000, 1 << 16


def claims(source: Path, kinds: tuple[str, ...]) -> float:
    """Sure where a JSON file has annotations and images."""
    if not set(FOR) & set(kinds):
        return 0.0
    return 0.95 if next(_files(source), None) is not None else 0.0


def _files(source: Path) -> Iterator[Path]:
    found = files_below(source, (".json",), _QUICK) if source.is_dir() else [source] if source.suffix.lower() == ".json" else []
    yield from (path for path in found if _is_coco(path))


def _is_coco(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(_SAMPLE)
        file.seek(max(0, path.stat().st_size - _SAMPLE))
        ends = head + file.read(_SAMPLE)
    return ends.lstrip().startswith(b"{") and (b'"annotations"' in ends or b'"bbox"' in ends) and b'"image' in ends


def read(source: Path, choices: DataChoices, *, kinds: tuple[str, ...] = ()) -> Table:
    """A row for each picture that the files list. Raises `DataError` for a file that is no such JSON, or without pictures."""
    target = next((kind for kind in FOR if kind in kinds), FOR[0])
    root = source if source.is_dir() else source.parent
    if not source.is_dir() and root.name.lower() in ("annotations", "labels", "annots"):
        root = root.parent
    pictures, notes, rows, points = Pictures(root), Notes(), {}, {}
    for path in _files(source):
        told = _told(path)
        part = _part(path, root)
        if target == "keypoints":
            points = _joined(points, told, path)
        for name, cell in _cells(told, path, notes, BESIDE.get(target, ())):
            picture = pictures.of(name, path.parent)
            if picture is None:
                notes.add("F-BOXES-PICTURE", f"{path}: {name}")
            elif picture in rows:
                notes.add("F-BOXES-SEVERAL", f"{path}: {name}")
            else:
                rows[picture] = Annotated(picture, cell, f"{path}: {name}", part or part_of(picture, root))
    problems = notes.problems(
        {
            "F-BOXES-PICTURE": (
                _("pictures that the file lists, but that are not there, are left out: {n}"),
                _("pictures below the same folder, named as in file_name"),
                _("put them there, or remove them from the file"),
            ),
            "F-BOXES-SEVERAL": (
                _("of pictures that are listed twice the first is taken; others: {n}"),
                _("each picture once"),
                _("remove the other"),
            ),
            "F-BOXES-LOST": (
                _("annotations of no picture that the file lists are left out: {n}"),
                _("an image_id that is among the images"),
                _("correct them, or remove them"),
            ),
            "F-BOXES-CLASS": (
                _("pictures with annotations of no category that the file lists are left out; such annotations: {n}"),
                _("a category_id that is among the categories"),
                _("correct them, or remove them"),
            ),
        }
    )
    found = table(source, rows.values(), problems, "coco", EXPECTED, target)
    return replace(found, columns=found.columns | {target: replace(found.columns[target], told=points)}) if points else found


def _joined(before: dict[str, Any], told: dict[str, Any], path: Path) -> dict[str, Any]:
    """Names of points and the lines between them, as the categories tell. Raises `DataError` where two of them differ."""
    for one in told["categories"]:
        names = [str(name) for name in one.get("keypoints") or ()]
        lines = [[int(end) - 1 for end in line] for line in one.get("skeleton") or () if len(line) == 2]
        if names and before and before["points"] != names:
            raise DataError(
                "F-KEYPOINTS-NAMES",
                _("categories name different points: they cannot be learned together"),
                where=f"{path}: categories",
                expected=", ".join(before["points"][:8]),
                got=", ".join(names[:8]),
                fix=_("make a file of each category"),
            )
        before = before or ({"points": names, "lines": lines} if names else {})
    return before


def _told(path: Path) -> dict[str, Any]:
    try:
        told = json.loads(read_bytes(path).decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise DataError(
            "F-BOXES-JSON", _("the file is no JSON"), where=str(path), expected=EXPECTED, got=str(error)[:80]
        ) from None
    shape = isinstance(told, dict) and all(
        isinstance(told.get(name), list) and all(isinstance(one, dict) for one in told[name])
        for name in ("images", "annotations", "categories")
    )
    if not shape:
        raise DataError(
            "F-BOXES-JSON",
            _("the file is not in the layout of COCO"),
            where=str(path),
            expected=EXPECTED,
            got=", ".join(sorted(map(str, told))[:8]) if isinstance(told, dict) else type(told).__name__,
        )
    return told


def _cells(told: dict[str, Any], path: Path, notes: Notes, beside: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Name of a picture and its cell; what each annotation says `beside` its box stands beside it."""
    names = {one.get("id"): str(one.get("name")) for one in told["categories"]}
    listed = {one.get("id") for one in told["images"]}
    by_image: dict[Any, list[dict[str, Any]]] = defaultdict(list)
    for number, one in enumerate(told["annotations"], 1):
        if one.get("image_id") not in listed:
            notes.add("F-BOXES-LOST", f"{path}: annotations[{number}]", f"image_id {one.get('image_id')}")
            continue
        label = names.get(one.get("category_id"))
        if label is None:
            notes.add("F-BOXES-CLASS", f"{path}: annotations[{number}]", f"category_id {one.get('category_id')}")
        crowd = {"ignored": "crowd"} if one.get("iscrowd") else {}
        more = {name: one.get(name) for name in beside}
        by_image[one["image_id"]].append({"box": one.get("bbox"), "label": label, **crowd, **more})
    for one in told["images"]:
        size = [one.get("width"), one.get("height")]
        sized = all(isinstance(side, int | float) and side > 0 for side in size)
        yield (
            str(one.get("file_name")),
            {"people" if "keypoints" in beside else "boxes": by_image[one.get("id")], **({"size": size} if sized else {})},
        )


def _part(path: Path, root: Path) -> str:
    """`instances_val2017.json` → valid."""
    stem = "".join(" " if char.isdigit() else char for char in path.stem)
    return part_in(stem.strip()) or (part_of(path, root) if path.parent.name.lower() in PART_OF else "")

"""Pictures and what is in them, thing by thing, in pictures beside: a label image each, or a mask for each thing.

    images/a.png + labels/a.png        0 is nothing, 1 to n are things (8 or 16 bit); folders and names as for masks
    a/images/a.png + a/masks/*.png     one mask for each thing, not black where it is (the Data Science Bowl of 2018)

Parts are folders, lists of names, or a table beside (`index.csv`) with a column that names them.
"""

import csv
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from fukami.core.cards import cards
from fukami.core.language import N_
from fukami.core.problems import Problem
from fukami.core.recipe import DataChoices
from fukami.core.tables import Column, Table
from fukami.data.files import is_junk
from fukami.data.parts import part_named
from fukami.data.readers import masks
from fukami.data.readers._annotated import part_of
from fukami.fields.instances.marks import ONE

TOLD = N_("pictures and label images, or a mask for each thing, in folders side by side")
FOR = ("instances",)


def claims(source: Path, kinds: tuple[str, ...]) -> float:
    """Sure where pictures and label images of the same names are found, or a folder of masks for a picture."""
    if not set(FOR) & set(kinds) or not source.is_dir():
        return 0.0
    return 0.95 if next(_bundles(source), None) is not None else masks.claims(source, ("mask",))


def read(source: Path, choices: DataChoices, *, kinds: tuple[str, ...] = ()) -> Table:
    """Columns `image` and `instances`. Raises `DataError` where no picture has either."""
    bundles = list(_bundles(source))
    if bundles:
        return _of_bundles(source, bundles)
    found = masks.read(source, choices, kinds=("mask",))
    own = replace(found.columns["mask"], name="instances", told={})
    columns = {"image": found.columns["image"], "instances": own}
    parts = found.parts
    if not np.any(parts != ""):
        parts = _listed(source, [Path(path).stem for path in found.columns["image"].values.to_pylist()])
    problems = tuple(one for one in found.problems if isinstance(one, Problem))
    return replace(
        found,
        columns=columns,
        parts=parts,
        problems=problems,
        hints={"image": "image", "instances": "instances"},
        layout="label-images",
    )


def _listed(source: Path, stems: list[str]) -> np.ndarray:
    """Parts that a table beside names for the pictures: one column has their names, another nothing but names of parts."""
    parts = np.full(len(stems), "", dtype="<U5")
    for path in sorted(source.glob("*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [row for row in csv.DictReader(file) if row]
        for column in rows[0] if rows else ():
            named = [part_named(str(row[column] or "")) for row in rows]
            if not all(named):
                continue
            for key in rows[0]:
                of = {Path(str(row[key] or "")).stem: part for row, part in zip(rows, named, strict=True)}
                if sum(stem in of for stem in stems) > 0.5 * len(stems):
                    return np.array([of.get(stem, "") for stem in stems], dtype="<U5")
    return parts


def _bundles(source: Path) -> Iterator[tuple[Path, list[Path]]]:
    """A picture and the masks of its things: `X/images/…` with one picture in it beside `X/masks`."""
    endings = cards("fields")["image"].extensions
    for folder in sorted(source.rglob("masks")):
        pictures = folder.parent / "images"
        if not (folder.is_dir() and pictures.is_dir()) or is_junk(folder.parent.name) or folder.parent == source:
            continue
        inside, own = ([p for p in sorted(place.iterdir()) if p.suffix.lower() in endings] for place in (pictures, folder))
        if len(inside) == 1 and (len(own) != 1 or own[0].stem != inside[0].stem):
            yield inside[0], own


def _of_bundles(source: Path, bundles: list[tuple[Path, list[Path]]]) -> Table:
    told = [json.dumps([{"label": ONE, "mask": str(path)} for path in own]) for _picture, own in bundles]
    files = np.array([str(picture) for picture, _own in bundles], dtype=object)
    beside = np.array([str(picture.parent.parent / "masks") for picture, _own in bundles], dtype=object)
    columns = {
        "image": Column("image", pa.array(files.tolist()), files=files),
        "instances": Column("instances", pa.array(told, pa.string()), files=beside),
    }
    parts = np.array([part_of(picture, source) for picture, _own in bundles], dtype="<U5")
    if not (parts != "").any():
        parts = _listed(source, [picture.stem for picture, _own in bundles])
    return Table(str(source), columns, parts, (), {"image": "image", "instances": "instances"}, "label-images")

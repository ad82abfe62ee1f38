"""What readers of boxes share: pictures below a folder by name, and a table of pictures with what is in them."""

import json
import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from fukami.core.cards import cards
from fukami.core.errors import DataError
from fukami.core.language import _
from fukami.core.problems import Problem
from fukami.core.tables import Column, Table
from fukami.data.files import is_junk
from fukami.data.parts import part_named

FOR = ("boxes",)


@dataclass(frozen=True)
class Annotated:
    """A picture, what is told of it (as a cell of boxes; None where nothing is), where that stands, and its part."""

    picture: Path
    cell: Any
    told_in: str
    part: str = ""


@dataclass
class Notes:
    """What was noticed, by code: places, of which a problem names the first."""

    found: dict[str, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))

    def add(self, code: str, where: str, got: str = "") -> None:
        self.found[code].append((where, got))

    def problems(self, told: dict[str, tuple[str, str, str]]) -> list[Problem]:
        """`told`: code → what (with {n}), what is expected, what mends it."""
        return [
            Problem(
                code=code,
                severity="warning",
                what=told[code][0].format(n=len(places)),
                where=", ".join(where for where, _got in places[:3]) + (", …" if len(places) > 3 else ""),
                expected=told[code][1],
                got=places[0][1],
                fix=told[code][2],
                count=len(places),
            )
            for code, places in self.found.items()
        ]


def files_below(source: Path, endings: Sequence[str], most: int = 0) -> list[Path]:
    """Every file below a folder that ends so, by name; of the first `most` files alone where that is not 0."""
    found, seen = [], 0
    for folder, inner, files in os.walk(source):
        inner[:] = sorted(name for name in inner if not is_junk(name))
        for name in sorted(files):
            if is_junk(name):
                continue
            seen += 1
            if name.lower().endswith(tuple(endings)):
                found.append(Path(folder, name))
            if most and seen >= most:
                return found
    return found


class Pictures:
    """The pictures below a folder, found by path, by name or by name without its ending."""

    def __init__(self, source: Path):
        self.paths = files_below(source, cards("fields")["image"].extensions)
        self.by_name: dict[str, list[Path]] = defaultdict(list)
        self.by_stem: dict[str, list[Path]] = defaultdict(list)
        for path in self.paths:
            self.by_name[path.name].append(path)
            self.by_stem[path.stem].append(path)

    def of(self, name: str, near: Path) -> Path | None:
        """The picture that a file in the folder `near` calls `name`: of several of one name the one with most of that path."""
        told = Path(name.replace("\\", "/"))
        found = self.by_name.get(told.name) or self.by_stem.get(told.stem) or []
        wanted = [part for part in told.parts[:-1] if part not in ("..", ".", "/")]

        def likeness(path: Path) -> tuple[int, int]:
            shared = sum(a == b for a, b in zip(reversed(path.parent.parts), reversed(wanted), strict=False))
            return shared, sum(a == b for a, b in zip(path.parts, near.parts, strict=False))

        return max(found, key=likeness, default=None)


def part_of(path: Path, source: Path) -> str:
    """The part that a folder above `path` names, the innermost first."""
    inside = path.relative_to(source).parts[:-1] if path.is_relative_to(source) else path.parts[:-1]
    return next((part for name in reversed(inside) if (part := part_named(name))), "")


def table(
    source: Path, found: Iterable[Annotated], problems: Iterable[Problem], layout: str, expected: str, target: str = "boxes"
) -> Table:
    """Columns `image` and `target`. Raises `DataError` where there is no picture of which anything is told."""
    rows = list(found)
    if not rows:
        notes = list(problems)
        raise DataError(
            "F-BOXES-PICTURE",
            _("there is no picture here of which boxes are told"),
            where=str(source),
            expected=expected,
            got=f"{notes[0].what} ({notes[0].where})" if notes else "",
            fix=_("give annotations the names of their pictures"),
        )
    told = [None if one.cell is None else json.dumps(one.cell, ensure_ascii=False) for one in rows]
    files = np.array([one.told_in for one in rows], dtype=object)
    columns = {
        "image": Column(
            "image",
            pa.array([str(one.picture) for one in rows]),
            files=np.array([str(one.picture) for one in rows], dtype=object),
        ),
        target: Column(target, pa.array(told, pa.string()), files=files),
    }
    parts = np.array([one.part for one in rows], dtype="<U5")
    return Table(str(source), columns, parts, tuple(problems), {"image": "image", target: target}, layout)

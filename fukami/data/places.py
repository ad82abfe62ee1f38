"""Files that the cells of a table mean where they are written otherwise: without extension or folder, with other capitals, or
as paths of another machine (`C:\\Users\\…\\x.jpg`). What could mean several files, or another one, is not taken but told.
"""

import os
import re
from collections import defaultdict
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

import pyarrow as pa

from fukami.core.language import _, _n
from fukami.core.problems import Problem
from fukami.core.tables import Column
from fukami.data.files import is_junk

MOST_FILES = 200_000
"""A folder of more files than this is not looked through: the table lies in no folder of its own."""
_ABSOLUTE = re.compile(r"/|[A-Za-z]:/")


@dataclass
class Places:
    """The files of some extensions below a folder, by what they are called."""

    folder: Path
    endings: frozenset[str]
    names: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    stems: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        seen = 0
        for place, folders, files in os.walk(self.folder):
            folders[:] = sorted(name for name in folders if not is_junk(name))
            seen += len(files)
            if seen > MOST_FILES:
                self.names.clear()
                self.stems.clear()
                return
            for name in sorted(files):
                if not is_junk(name) and PurePosixPath(name).suffix.lower() in self.endings:
                    path = Path(place, name).relative_to(self.folder).as_posix()
                    self.names[name.lower()].append(path)
                    self.stems[PurePosixPath(name).stem.lower()].append(path)

    def meant(self, cell: str) -> tuple[str, list[str]]:
        """The file that a cell means, or "" and those that it could mean."""
        told = cell.strip().replace("\\", "/")
        parts = [part.lower() for part in PurePosixPath(told).parts if part not in ("/", ".") and not part.endswith(":")]
        if not parts:
            return "", []
        found = self.names.get(parts[-1], [])
        sure = bool(found) or PurePosixPath(told).suffix.lower() not in self.endings
        found = found or self.stems.get(parts[-1] if sure else PurePosixPath(parts[-1]).stem, [])
        common = {path: _common(parts[:-1], PurePosixPath(path.lower()).parts[:-1]) for path in found}
        most = max(common.values(), default=0)
        best = [path for path in found if common[path] == most]
        whole = bool(best) and (common[best[0]] == len(parts) - 1 or bool(_ABSOLUTE.match(told)))
        return (best[0], []) if len(best) == 1 and whole and sure else ("", best)


def _common(one: list[str], other: tuple[str, ...]) -> int:
    """How many folders from the last one on are the same."""
    count = 0
    while count < min(len(one), len(other)) and one[-1 - count] == other[-1 - count]:
        count += 1
    return count


def mended(column: Column, places: Places) -> Column:
    """The column with the paths of the files that its cells mean."""
    meant = {cell: places.meant(cell)[0] for cell in _astray(column)}
    if not any(meant.values()):
        return column
    return replace(column, values=pa.array([meant.get(cell) or cell for cell in column.strings()], pa.string()))


def remarks(given: Column, taken: Column, places: Places) -> list[Problem]:
    """What was taken for cells that lead to no file, and what was not, because it could be another."""
    where, found = given.file or given.name, []
    pairs = [(old, new) for old, new in zip(given.strings(), taken.strings(), strict=True) if old != new]
    if pairs:
        what = _n(
            "{n} cell names no file as it stands; the file that it means was taken",
            "{n} cells name no file as they stand; the files that they mean were taken",
            len(pairs),
        )
        got = "; ".join(f"{old} → {new}" for old, new in pairs[:3])
        found.append(Problem(code="F-FILES-TAKEN", severity="note", what=what, where=where, got=got, count=len(pairs)))
    doubtful = {cell: paths for cell in _astray(taken) if (paths := places.meant(cell)[1])}
    if doubtful:
        what = _n(
            "{n} cell names no file, and others are called alike",
            "{n} cells name no file, and others are called alike",
            len(doubtful),
        )
        got = "; ".join(f"{cell} → {', '.join(paths[:3])}?" for cell, paths in list(doubtful.items())[:3])
        fix = _("correct the paths in the table")
        found.append(
            Problem(code="F-FILES-DOUBTFUL", severity="warning", what=what, where=where, got=got, fix=fix, count=len(doubtful))
        )
    return found


def _astray(column: Column) -> list[str]:
    """The distinct cells that lead to no file."""
    base = column.base or Path()
    return [cell for cell in dict.fromkeys(column.strings()) if cell.strip() and not _is_there(base / cell.strip())]


def _is_there(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # no name of a file
        return True

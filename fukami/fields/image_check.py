"""What the doctor finds in pictures on their own: unreadable, tiny, odd or mislabelled files, blank arrays."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from fukami.core.language import _, _n
from fukami.core.problems import Problem
from fukami.core.tables import Column
from fukami.fields import cells, glances, pictures

SMALL_PX = 8
_SUFFIXES = {
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "MPO": (".jpg", ".jpeg", ".mpo"),
    "PNG": (".png",),
    "GIF": (".gif",),
    "BMP": (".bmp", ".dib"),
    "TIFF": (".tif", ".tiff"),
    "WEBP": (".webp",),
}


def check_pictures(column: Column) -> Iterator[Problem]:
    """Every problem of a column of pictures."""
    if glances.is_pixels(column):
        yield from _check_pixels(column)
        return
    looks = glances.glances(column)
    yield from _unreadable(looks)
    items = glances.raw_cells(column)
    paths = [glances.place(column, row, cell) for row, cell in enumerate(items)]
    good = [row for row, look in enumerate(looks) if look.error is None]
    if not good:
        return
    named = [(row, Path(items[row]).suffix.lower()) for row in good if isinstance(items[row], (str, Path))]
    wrong = [row for row, suffix in named if suffix not in _SUFFIXES.get(looks[row].format, (suffix,))]
    small = [row for row in good if min(looks[row].width, looks[row].height) < SMALL_PX]
    long = [row for row in good if max(looks[row].width, looks[row].height) > 10 * min(looks[row].width, looks[row].height)]
    deep = [row for row in good if looks[row].levels is not None and looks[row].format != "array"]
    grey = [row for row in good if looks[row].grey]
    if wrong:
        yield _note(
            "F-IMAGE-EXTENSION",
            _n(
                "{n} file is of another format than its name says",
                "{n} files are of another format than their name says",
                len(wrong),
            ),
            wrong,
            paths,
            got=looks[wrong[0]].format,
        )
    if small:
        yield _note(
            "F-IMAGE-SMALL",
            _n("{n} picture is very small", "{n} pictures are very small", len(small)),
            small,
            paths,
            severity="warning",
            expected=f"≥ {SMALL_PX} px",
            got=f"{looks[small[0]].width} × {looks[small[0]].height} px",
        )
    if long:
        yield _note(
            "F-IMAGE-LONG",
            _n(
                "{n} picture is more than ten times longer than wide",
                "{n} pictures are more than ten times longer than wide",
                len(long),
            ),
            long,
            paths,
            severity="warning",
            got=f"{looks[long[0]].width} × {looks[long[0]].height} px",
        )
    if 0 < len(deep) < len(good):
        yield _note(
            "F-IMAGE-DEPTH",
            _n(
                "{n} picture has more than 8 bits per pixel, the others do not",
                "{n} pictures have more than 8 bits per pixel, the others do not",
                len(deep),
            ),
            deep,
            paths,
            severity="warning",
            fix=_("save all pictures with the same depth"),
        )
    if 0 < len(grey) <= len(good) // 10:
        yield _note(
            "F-IMAGE-GREY",
            _n("{n} picture is grey among coloured ones", "{n} pictures are grey among coloured ones", len(grey)),
            grey,
            paths,
        )


def _note(code: str, what: str, rows: list[int], paths: list[str], *, severity: str = "note", **parts: str) -> Problem:
    where = ", ".join(paths[row] for row in rows[:3]) + (", …" if len(rows) > 3 else "")
    return Problem(code=code, severity=severity, what=what, where=where, count=len(rows), **parts)


def _unreadable(looks: list[glances.Glance]) -> Iterator[Problem]:
    """One problem for each kind of error. They are warnings: such pictures are left out; the doctor judges their share."""
    kinds: dict[str, list] = {}
    for look in looks:
        if look.error is not None:
            kinds.setdefault(look.error.code, []).append(look.error)
    for code, found in kinds.items():
        first = found[0]
        yield Problem(
            code=code,
            severity="warning",
            what=first.what
            if len(found) == 1
            else _n("{n} picture: {what}", "{n} pictures: {what}", len(found), what=first.what),
            where=", ".join(error.where for error in found[:3]) + (", …" if len(found) > 3 else ""),
            expected=first.expected,
            got=first.got,
            fix=first.fix,
            count=len(found),
        )


def _check_pixels(column: Column) -> Iterator[Problem]:
    pictures.layout_of(column.values.shape, column.name or column.file)
    flat = column.values.reshape(len(column), -1)
    broken = np.flatnonzero(~np.isfinite(flat).all(1))
    if len(broken):
        yield Problem(
            code="F-IMAGE-NAN",
            severity="warning",
            what=_n(
                "{n} picture has pixels that are not finite numbers and is left out",
                "{n} pictures have pixels that are not finite numbers and are left out",
                len(broken),
            ),
            where=cells.places(column, broken),
            count=len(broken),
        )
    blank = np.flatnonzero(flat.min(1) == flat.max(1)) if flat.shape[1] else np.arange(0)
    if len(blank):
        yield Problem(
            code="F-IMAGE-BLANK",
            severity="warning",
            what=_n("{n} picture is of one single colour", "{n} pictures are of one single colour", len(blank)),
            where=cells.places(column, blank),
            count=len(blank),
        )

"""What pictures are like: what the doctor finds in them on their own, their traits, and which are nearly the same.

Found are unreadable, tiny, odd or mislabelled files and blank arrays. Nearly the same are pictures whose small grey copies
agree, files and arrays alike. N pictures, R of them, P pairs, C channels, H and W pixels, D numbers of a small copy.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fukami.core.language import _, _n
from fukami.core.lazily import F, torch
from fukami.core.problems import Problem
from fukami.core.tables import Column
from fukami.fields import cells
from fukami.fields.image import decode, looks
from fukami.fields.image.look import THUMBNAIL_PX
from fukami.fields.image.ranges import Levels, is_surprising, learned_range, range_of, range_of_array

SMALL_PX = 8
NEARLY_SAME = 0.99
"""Correlation of small grey copies from which pictures are nearly the same. Different articles of clothing reach 0.98."""
TELLING = 48
"""Directions in which small copies differ most."""
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
    if looks.is_pixels(column):
        yield from _check_pixels(column)
        return
    seen = looks.looks_at(column)
    yield from _unreadable(seen)
    items = looks.raw_cells(column)
    paths = [looks.place(column, row, cell) for row, cell in enumerate(items)]
    good = [row for row, look in enumerate(seen) if look.error is None]
    if not good:
        return
    named = [(row, Path(items[row]).suffix.lower()) for row in good if isinstance(items[row], (str, Path))]
    wrong = [row for row, suffix in named if suffix not in _SUFFIXES.get(seen[row].format, (suffix,))]
    small = [row for row in good if min(seen[row].width, seen[row].height) < SMALL_PX]
    long = [row for row in good if max(seen[row].width, seen[row].height) > 10 * min(seen[row].width, seen[row].height)]
    deep = [row for row in good if seen[row].levels is not None and seen[row].format != "array"]
    grey = [row for row in good if seen[row].grey]
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
            got=seen[wrong[0]].format,
        )
    if small:
        yield _note(
            "F-IMAGE-SMALL",
            _n("{n} picture is very small", "{n} pictures are very small", len(small)),
            small,
            paths,
            severity="warning",
            expected=f"≥ {SMALL_PX} px",
            got=f"{seen[small[0]].width} × {seen[small[0]].height} px",
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
            got=f"{seen[long[0]].width} × {seen[long[0]].height} px",
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


def _unreadable(seen: list[looks.Look]) -> Iterator[Problem]:
    """One problem for each kind of error. They are warnings: such pictures are left out; the doctor judges their share."""
    kinds: dict[str, list] = {}
    for look in seen:
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
    decode.layout_of(column.values.shape, column.name or column.file)
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


def unlike_learned(column: Column, levels: Levels) -> Iterator[Problem]:
    """A note where arrays are read in another range than the one that was learned."""
    if not looks.is_pixels(column) or not len(column) or not is_surprising(levels, column.values):
        return
    found, known = range_of_array(levels, column.values), levels.get("array")
    yield Problem(
        code="F-IMAGE-RANGE",
        severity="note",
        what=_("the pixels are read as numbers from {low} to {high}").format(low=f"{found.low:g}", high=f"{found.high:g}"),
        where=cells.place(column),
        expected=_("from {low} to {high}, as in training").format(low=f"{known[0]:g}", high=f"{known[1]:g}") if known else "",
        got=f"{column.values.dtype.name} {column.values.min():.4g}…{column.values.max():.4g}",
        fix=_("give arrays of the same type and range as in training"),
        count=len(column),
    )


class Traits(NamedTuple):
    """`widths` and `heights` of the readable pictures, the `channels` that show all of them, and learned `levels`."""

    widths: np.ndarray
    heights: np.ndarray
    channels: int
    levels: Levels


def traits_of(column: Column) -> Traits:
    """How large the pictures are, whether they have colours, which raw values mean black and white.

    Raises `DataError`, of the first picture, where none can be read.
    """
    return _of_pixels(column) if looks.is_pixels(column) else _of_files(column)


def _of_pixels(column: Column) -> Traits:
    layout = decode.layout_of(column.values.shape, column.name)
    x_NCHW = decode.as_nchw(column.values, layout)
    N, C, H, W = x_NCHW.shape
    same = C == 3 and bool((x_NCHW[:200, 0] == x_NCHW[:200, 1]).all() and (x_NCHW[:200, 1] == x_NCHW[:200, 2]).all())
    levels = {"array": list(learned_range(x_NCHW))}
    return Traits(np.full(max(N, 1), W), np.full(max(N, 1), H), 1 if C == 1 or same else 3, levels)


def _of_files(column: Column) -> Traits:
    seen = looks.looks_at(column)
    found = [g for g in seen if g.error is None]
    if not found:
        raise seen[0].error or AssertionError
    deep: dict[str, list[tuple[float, float]]] = {}
    for look in found:
        if look.levels is not None:
            deep.setdefault(look.mode, []).append(look.levels)
    levels = {
        mode: list(range_of(min(low for low, _h in ranges), max(high for _l, high in ranges))) for mode, ranges in deep.items()
    }
    modes = Counter(g.grey for g in found)
    widths, heights = np.array([g.width for g in found]), np.array([g.height for g in found])
    return Traits(widths, heights, 3 if modes[False] else 1, levels)


def correlate(column: Column, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Whether the small grey copies of rows `left[p]` and `right[p]` correlate (bool, P)."""
    rows, index = np.unique(np.concatenate([left, right]), return_inverse=True)
    if not len(rows):
        return np.zeros(0, dtype=bool)
    small, pairs = thumbnails(column, rows), index.reshape(2, -1)
    # far apart along the directions that tell most is far apart: this dismisses nearly all pairs at little cost
    some = small[:: max(1, len(small) // 1000)]
    telling = small @ np.linalg.eigh(some.T @ some)[1][:, -TELLING:]
    a, b = pairs
    same = np.square(telling[a] - telling[b]).sum(1) <= 2 * (1 - NEARLY_SAME)
    asked = np.flatnonzero(same)
    same[asked] = np.einsum("pd,pd->p", small[a[asked]], small[b[asked]]) > NEARLY_SAME
    return same


def thumbnails(column: Column, rows: np.ndarray) -> np.ndarray:
    """Small grey copies of some pictures (R, D), each centred and of length 1: the product of two is their correlation."""
    if looks.is_pixels(column):
        x_NCHW = decode.as_nchw(column.values[rows], decode.layout_of(column.values.shape, column.name))
        side = min(THUMBNAIL_PX * 2, *x_NCHW.shape[2:])  # arrays are small: no need to lose what tells them apart
        small = F.adaptive_avg_pool2d(torch.from_numpy(np.asarray(x_NCHW, np.float32).mean(1)), side).numpy()
    else:
        seen = looks.looks_at(column.take(rows))
        found = (np.frombuffer(g.thumbnail or bytes(THUMBNAIL_PX**2), np.uint8) for g in seen)
        small = np.stack(list(found)).astype(np.float32)
    flat = small.reshape(len(rows), -1)
    flat = flat - flat.mean(1, keepdims=True)
    return flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-6)


def difference_hashes(column: Column) -> np.ndarray:
    """uint64 (N): whether each of 8 × 8 patches is brighter than its right neighbour."""
    if not looks.is_pixels(column):
        return np.array([g.near for g in looks.looks_at(column)], dtype=np.uint64)
    x_NCHW = decode.as_nchw(column.values, decode.layout_of(column.values.shape, column.name))
    out = []
    for start in range(0, len(x_NCHW), 8192):
        part = torch.from_numpy(x_NCHW[start : start + 8192].astype(np.float32)).mean(1)
        small = F.adaptive_avg_pool2d(part[:, None], (8, 9))[:, 0].numpy()
        bits = small[:, :, :-1] < small[:, :, 1:] - 1e-3
        out.append(np.packbits(bits.reshape(len(bits), 64), axis=1).view(">u8")[:, 0].astype(np.uint64))
    return np.concatenate(out) if out else np.zeros(0, np.uint64)

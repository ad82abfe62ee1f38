"""What the doctor finds in depth: by itself, and beside the pictures that it lies on."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from fukami.core.language import _, _n
from fukami.core.problems import Problem
from fukami.core.tables import Column
from fukami.fields import cells
from fukami.fields.frame import Plane

LITTLE = 0.05
"""A map of which less is known is hardly of use."""
SHADES = 256
"""Pictures of no more different numbers than this hold shades, most likely."""
APART = 50.0
"""Medians of maps that differ by more than this factor are of different units, most likely."""


def check_depth(column: Column, seen: Sequence[Any], learned: dict[str, Any]) -> Iterator[Problem]:
    """Unreadable maps, empty ones, such of 8 bits, of one value, of another unit. `seen` are glances, `learned` the state."""
    broken = [row for row, one in enumerate(seen) if one.error is not None]
    if broken:
        error = seen[broken[0]].error
        yield Problem(
            code=error.code,
            severity="error" if len(broken) == len(seen) else "warning",
            what=_n("{n} depth map cannot be used", "{n} depth maps cannot be used", len(broken)) + f": {error.what}",
            where=cells.places(column, broken),
            expected=error.expected,
            got=error.got,
            fix=error.fix or _("mend the file, or remove it and its picture"),
            count=len(broken),
        )
    good = [row for row, one in enumerate(seen) if one.error is None]
    medians = np.array([seen[row].median for row in good if seen[row].known > 0])
    usual = learned.get("median") or (float(np.median(medians)) if len(medians) else 0.0)
    nothing = [row for row in good if seen[row].known == 0]
    little = [row for row in good if 0 < seen[row].known < LITTLE]
    flat = [row for row in good if seen[row].known > 0 and seen[row].low == seen[row].high]
    other = [row for row in good if usual and seen[row].known > 0 and not 1 / APART < seen[row].median / usual < APART]
    shades = [row for row in good if seen[row].bits == 8]
    for code, rows, what, fix in (
        (
            "F-DEPTH-NOTHING",
            nothing,
            _n(
                "{n} depth map knows nothing: it is 0 or no number everywhere",
                "{n} depth maps know nothing: they are 0 or no number everywhere",
                len(nothing),
            ),
            _("remove them and their pictures"),
        ),
        (
            "F-DEPTH-LITTLE",
            little,
            _n("{n} depth map knows very little", "{n} depth maps know very little", len(little)),
            _("look at some of them: 0 and nan mean that nothing is known"),
        ),
        (
            "F-DEPTH-FLAT",
            flat,
            _n("{n} depth map is the same everywhere", "{n} depth maps are the same everywhere", len(flat)),
            _("look at some of them"),
        ),
        (
            "F-DEPTH-UNIT",
            other,
            _n("{n} depth map seems to have another unit", "{n} depth maps seem to have another unit", len(other)),
            _("bring all maps to one unit"),
        ),
        (
            "F-DEPTH-SHADES",
            shades,
            _n(
                "{n} depth map has 8 bits: its numbers may be shades for people",
                "{n} depth maps have 8 bits: their numbers may be shades for people",
                len(shades),
            ),
            _("save it as .npy, or as PNG of 16 bits in steps of one millimetre"),
        ),
    ):
        if rows:
            yield Problem(
                code=code,
                severity="error" if code == "F-DEPTH-NOTHING" and len(rows) == len(seen) else "warning",
                what=what,
                where=cells.places(column, rows),
                expected=_("one number above 0 for each pixel of which the depth is known"),
                got=f"{seen[rows[0]].median:g} / {usual:g}" if code == "F-DEPTH-UNIT" else "",
                fix=fix,
                count=len(rows),
            )


def check_on_pictures(column: Column, seen: Sequence[Any], plane: Plane | None) -> Iterator[Problem]:
    """Maps whose sides are not in proportion to those of their pictures."""
    if plane is None:
        return
    turned = []
    for row, one in enumerate(seen):
        if one.error is None:
            width, height = plane.raw[row].tolist()
            if abs(np.log(one.width * height / (one.height * width))) > 0.05:
                turned.append(row)
    if turned:
        one, side_2 = seen[turned[0]], plane.raw[turned[0]]
        yield Problem(
            code="F-DEPTH-SIZE",
            severity="error" if len(turned) > 0.5 * len(seen) else "warning",
            what=_n(
                "{n} depth map is of another shape than its picture",
                "{n} depth maps are of another shape than their pictures",
                len(turned),
            ),
            where=cells.places(column, turned),
            expected=f"{int(side_2[0])} × {int(side_2[1])}",
            got=f"{one.width} × {one.height}",
            fix=_("make each map as large as its picture, the same way up"),
            count=len(turned),
        )

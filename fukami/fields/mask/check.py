"""What the doctor finds in masks: by themselves, and beside the pictures that they lie on."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from fukami.core.language import _, _n
from fukami.core.percent import percent
from fukami.core.problems import Problem
from fukami.core.tables import Column
from fukami.fields import cells
from fukami.fields.frame import Plane
from fukami.fields.mask import decode

FEW_PIXELS = 0.0005
"""A class with a smaller share of all pixels is hardly learned."""
MANY_VALUES = 64
"""More values than this, and no names for them: numbers are no classes, but shades."""


def check_masks(column: Column, mask: Any) -> Iterator[Problem]:
    """Unreadable masks, lossy ones, values that are no class, masks of one class, rare classes. `mask` is the field."""
    seen = decode.glances(column)
    broken = [row for row, one in enumerate(seen) if one.error is not None]
    if broken:
        error = seen[broken[0]].error
        assert error is not None
        yield Problem(
            code=error.code,
            severity="error" if len(broken) == len(seen) else "warning",
            what=_n("{n} mask cannot be used", "{n} masks cannot be used", len(broken)) + f": {error.what}",
            where=_places(column, broken),
            expected=error.expected,
            got=error.got,
            fix=error.fix or _("mend the file, or remove it and its picture"),
            count=len(broken),
        )
    good = [row for row, one in enumerate(seen) if one.error is None]
    if not good:
        return
    yield from _lossy(column, seen, good)
    if mask.state:
        yield from _strange(column, mask, seen, good)
        return
    try:
        learned = mask.learn([column.take(np.array(good))])
    except Exception as error:
        told = getattr(error, "as_dict", dict)()
        if not told:
            raise
        yield Problem(**{"severity": "error", "where": cells.place(column), **told})
        return
    yield from _strange(column, learned, seen, good)
    yield from _empty(column, learned, seen, good)
    yield from _rare(column, learned)
    values = learned.state["values"]
    if len(values) > MANY_VALUES and learned.state["classes"] == [str(value) for value in values]:
        yield Problem(
            code="F-MASK-VALUES",
            severity="warning",
            what=_("the masks hold so many values that they look like shades, not like classes"),
            where=cells.place(column),
            got=_("{n} values").format(n=len(values)),
            fix=_("save each class as a number of its own, without smoothing edges"),
            count=len(values),
        )


def _lossy(column: Column, seen: Sequence[decode.Glance], good: Sequence[int]) -> Iterator[Problem]:
    lossy = [row for row in good if seen[row].lossy]
    if lossy:
        blurred = [row for row in lossy if len(seen[row].values) > 2]
        yield Problem(
            code="F-MASK-LOSSY",
            severity="error" if blurred else "warning",
            what=_("masks were compressed as JPEG, which changes the numbers of classes along every edge")
            if blurred
            else _("masks were compressed as JPEG; they are taken as black and white"),
            where=_places(column, blurred or lossy),
            expected="PNG",
            got="JPEG",
            fix=_("save them as PNG, from where they were drawn"),
            count=len(blurred or lossy),
        )


def _strange(column: Column, mask: Any, seen: Sequence[decode.Glance], good: Sequence[int]) -> Iterator[Problem]:
    """Values that neither are a class nor are left out by name."""
    grey = not mask.state["coloured"]
    known = {*mask.state["values"], *mask.state["ignored"]}
    odd: dict[int, int] = {}
    rows, pixels, total = [], 0, 0
    for row in good:
        one = seen[row]
        found = False
        for value, count in zip(one.values, one.counts, strict=True):
            key = value if grey or one.coloured else value * 0x010101
            total += count
            if key not in known:
                odd[key], pixels, found = odd.get(key, 0) + count, pixels + count, True
        if found:
            rows.append(row)
    if rows:
        most = sorted(odd, key=lambda key: -odd[key])[:5]
        yield Problem(
            code="F-MASK-UNKNOWN",
            severity="error" if pixels > 0.5 * total else "warning",
            what=_n(
                "{n} mask holds values that are no class; such pixels are not judged ({share} of all)",
                "{n} masks hold values that are no class; such pixels are not judged ({share} of all)",
                len(rows),
                share=percent(pixels / max(1, total)),
            ),
            where=_places(column, rows),
            expected=_shown(mask.state["values"], grey),
            got=_shown(most, grey),
            fix=_("name the class of each value: --set classes=FILE, or correct the masks"),
            count=len(rows),
        )


def _empty(column: Column, mask: Any, seen: Sequence[decode.Glance], good: Sequence[int]) -> Iterator[Problem]:
    """Masks of which nothing is judged, and masks that hold one class alone."""
    factor = 0x010101 if mask.state["coloured"] else 1
    values = set(mask.state["values"])
    held = [{v if seen[row].coloured else v * factor for v in seen[row].values} & values for row in good]
    nothing = [row for row, found in zip(good, held, strict=True) if not found]
    single = [row for row, found in zip(good, held, strict=True) if len(found) == 1]
    if nothing:
        yield Problem(
            code="F-MASK-NOTHING",
            severity="error" if len(nothing) == len(good) else "warning",
            what=_n("{n} mask has no pixel that is judged", "{n} masks have no pixel that is judged", len(nothing)),
            where=_places(column, nothing),
            fix=_("draw them, or remove them and their pictures"),
            count=len(nothing),
        )
    if len(single) > 0.5 * len(good):
        yield Problem(
            code="F-MASK-ONE-CLASS",
            severity="warning",
            what=_("{n} of {total} masks hold one class alone: perhaps they were left empty").format(
                n=len(single), total=len(good)
            ),
            where=_places(column, single),
            fix=_("look at some of them"),
            count=len(single),
        )


def _rare(column: Column, mask: Any) -> Iterator[Problem]:
    counts = np.array(mask.state["counts"], float)
    names, total = mask.state["classes"], max(1.0, counts.sum())
    absent = [names[k] for k in np.flatnonzero(counts == 0)]
    rare = [f"{names[k]} ({percent(counts[k] / total)})" for k in np.flatnonzero((counts > 0) & (counts / total < FEW_PIXELS))]
    for code, found, what in (
        ("F-MASK-ABSENT", absent, _("classes have a name but no pixel in any mask")),
        ("F-MASK-RARE", rare, _("classes have so few pixels that they will hardly be learned")),
    ):
        if found:
            yield Problem(
                code=code,
                severity="note",
                what=what,
                where=cells.place(column),
                got=", ".join(found[:8]),
                fix=_("add pictures that show them, or leave these classes out"),
                count=len(found),
            )


def check_on_pictures(column: Column, plane: Plane | None) -> Iterator[Problem]:
    """Masks whose sides are not in proportion to those of their pictures."""
    if plane is None:
        return
    seen = decode.glances(column)
    sizes = np.array([[max(1, one.width), max(1, one.height)] for one in seen], float)
    ratio = sizes / np.maximum(plane.raw, 1)
    good = np.array([one.error is None for one in seen], bool)
    turned = good & (np.abs(np.log(ratio[:, 0] / ratio[:, 1])) > 0.05)
    scaled = good & ~turned & (np.abs(np.log(ratio)).max(1) > 0.01)
    if turned.any():
        row = int(np.flatnonzero(turned)[0])
        yield Problem(
            code="F-MASK-SIZE",
            severity="error",
            what=_n(
                "{n} mask is of another shape than its picture",
                "{n} masks are of another shape than their pictures",
                int(turned.sum()),
            ),
            where=_places(column, np.flatnonzero(turned)),
            expected=" × ".join(str(int(side)) for side in plane.raw[row]),
            got=" × ".join(str(int(side)) for side in sizes[row]),
            fix=_("make each mask as large as its picture, the same way up"),
            count=int(turned.sum()),
        )
    if scaled.any():
        yield Problem(
            code="F-MASK-SCALED",
            severity="note",
            what=_n(
                "{n} mask is larger or smaller than its picture, in proportion; it is fitted to it",
                "{n} masks are larger or smaller than their pictures, in proportion; they are fitted to them",
                int(scaled.sum()),
            ),
            where=_places(column, np.flatnonzero(scaled)),
            count=int(scaled.sum()),
        )


def _places(column: Column, rows: Sequence[int] | np.ndarray) -> str:
    return cells.places(column, rows)


def _shown(values: Sequence[int], grey: bool) -> str:
    told = ", ".join(str(value) if grey else f"#{value:06x}" for value in values[:12])
    return told + (", …" if len(values) > 12 else "")

"""What the doctor finds in instances: by themselves, and beside the pictures that they lie on."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from fukami.core.language import N_, _, _n
from fukami.core.problems import Problem
from fukami.core.tables import Column
from fukami.fields import cells
from fukami.fields.frame import Plane
from fukami.fields.instances.marks import Drawn, drawn
from fukami.fields.labels import alike, listed

FEW = 20
"""A class with fewer things is hardly learned."""
SHATTERED = 20
"""Pieces along a row, as a share of its height, beyond which a thing is noise."""
EXPECTED = N_("a list of things with a mask each, or a label image")


def check_instances(column: Column, classes: Sequence[str] | None) -> Iterator[Problem]:
    """Unreadable cells, missing ones, things without a pixel, a whole picture as one thing, nothing at all, unknown, rare and
    similar classes. `classes` are those that were learned, if any."""
    found = drawn(column)
    yield from _left_out(column, found)
    good = {row: one for row, one in enumerate(found) if one is not None and not one.fault}
    counts = Counter(label for one in good.values() for label in one.labels)
    if good and not counts and not classes:
        yield Problem(
            code="F-INSTANCES-NONE",
            severity="error",
            what=_("no picture to learn from shows a thing"),
            where=cells.place(column),
            expected=_(EXPECTED),
            fix=_("name the column that holds the things: --set target=COLUMN"),
        )
        return
    yield from _shapes(column, good)
    yield from _labels(column, {row: one.labels for row, one in good.items()}, counts, classes)


def _left_out(column: Column, found: Sequence[Drawn | None]) -> Iterator[Problem]:
    """Pictures whose things cannot be read, and those of which nothing is said."""
    faulty = [row for row, one in enumerate(found) if one is not None and one.fault]
    missing = [row for row, one in enumerate(found) if one is None]
    if faulty:
        first = found[faulty[0]]
        assert first is not None
        yield Problem(
            code="F-INSTANCES-FORM",
            severity="error" if len(faulty) == len(found) else "warning",
            what=_n(
                "{n} picture has things that cannot be read and is left out",
                "{n} pictures have things that cannot be read and are left out",
                len(faulty),
            )
            + f": {first.fault}",
            where=cells.places(column, faulty),
            expected=_(EXPECTED),
            fix=_("mend the cell, or remove the picture"),
            count=len(faulty),
        )
    if missing:
        yield Problem(
            code="F-INSTANCES-MISSING",
            severity="error" if len(missing) == len(found) else "warning",
            what=_n(
                "nothing is said about {n} picture, which is left out",
                "nothing is said about {n} pictures, which are left out",
                len(missing),
            ),
            where=cells.places(column, missing),
            expected=_("an empty list [], or a label image of zeros, where there is nothing in a picture"),
            fix=_("add what is missing, or remove the picture"),
            count=len(missing),
        )


def _shapes(column: Column, good: Mapping[int, Drawn]) -> Iterator[Problem]:
    """Things without a pixel, that are the whole picture, or in countless pieces."""
    empty = [row for row, one in good.items() if one.empty]
    whole = [row for row, one in good.items() if any(runs[1::2].sum() > 0.98 * one.size[0] * one.size[1] for runs in one.runs)]
    pieces = [row for row, one in good.items() if any(len(runs) // 2 > SHATTERED * one.size[1] for runs in one.runs)]
    for code, rows, what, fix in (
        (
            "F-INSTANCES-EMPTY",
            empty,
            _n(
                "{n} picture has things without a pixel, which are left out",
                "{n} pictures have things without a pixel, which are left out",
                len(empty),
            ),
            _("mend the mask: polygons beyond the picture cover nothing"),
        ),
        (
            "F-INSTANCES-WHOLE",
            whole,
            _n(
                "{n} picture has one thing that covers all of it",
                "{n} pictures have one thing that covers all of them",
                len(whole),
            ),
            _("is 0 the background? then write the other way round"),
        ),
        (
            "F-INSTANCES-PIECES",
            pieces,
            _n("{n} picture has a thing in countless pieces", "{n} pictures have a thing in countless pieces", len(pieces)),
            _("a mask is one number for each thing, not the picture itself"),
        ),
    ):
        if rows:
            yield _problem(code, what, cells.places(column, rows), len(rows), expected=_(EXPECTED), fix=fix)


def _labels(
    column: Column, good: dict[int, tuple[str, ...]], counts: Counter, classes: Sequence[str] | None
) -> Iterator[Problem]:
    if classes is not None:
        unknown = [row for row, labels in good.items() if not set(labels) <= set(classes)]
        if unknown:
            what = _n(
                "{n} picture has things of a class that was not learned; they are left out",
                "{n} pictures have things of a class that was not learned; they are left out",
                len(unknown),
            )
            got = listed(sorted(set(counts) - set(classes)))
            where = cells.places(column, unknown)
            yield _problem("F-INSTANCES-UNKNOWN", what, where, len(unknown), expected=listed(list(classes)), got=got)
        return
    few = sorted((label for label, n in counts.items() if n < FEW), key=lambda label: counts[label])
    if few:
        what = _n("{n} class has fewer than {few} things", "{n} classes have fewer than {few} things", len(few), few=FEW)
        got = ", ".join(f"{label!r} {counts[label]}" for label in few[:8])
        fix = _("add pictures that show it")
        yield _problem("F-INSTANCES-FEW", what, cells.place(column), len(few), expected=f"≥ {FEW}", got=got, fix=fix)
    for group in alike(sorted(counts)):
        what = _("labels differ only in case, spaces, or in how letters or numbers are written")
        count = sum(counts[label] for label in group[1:])
        expected = _("one spelling for each class")
        yield _problem("F-CATEGORY-ALIKE", what, cells.place(column), count, expected=expected, got=listed(group))


def _problem(code: str, what: str, where: str, count: int, *, expected: str, got: str = "", fix: str = "") -> Problem:
    return Problem(code=code, severity="warning", what=what, where=where, expected=expected, got=got, fix=fix, count=count)


def check_on_pictures(column: Column, plane: Plane | None) -> Iterator[Problem]:
    """Masks of another form than their picture: they are laid over it as a whole, so those of its form may be smaller."""
    if plane is None:
        return
    sized, got = [], ""
    for row, one in enumerate(drawn(column)):
        if one is None or one.fault or not len(one):
            continue
        width, height = plane.raw[row].tolist()
        if abs(np.log(one.size[0] * height / (one.size[1] * width))) > 0.02:
            sized.append(row)
            got = got or f"{one.size[0]} × {one.size[1]} / {width} × {height}"
    if sized:
        what = _n("{n} picture has masks of another form", "{n} pictures have masks of another form", len(sized))
        fix = _("were they drawn on a picture that was cut or turned? then draw them on this one")
        where = cells.places(column, sized)
        yield _problem(
            "F-INSTANCES-SIZE", what, where, len(sized), expected=_("masks as wide and high as their picture"), got=got, fix=fix
        )
